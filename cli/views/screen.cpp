#include "cli/views/screen.h"

#include "common/text/printable.h"

#include <csignal>
#include <cstdio>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace bm::cli {

namespace {

volatile std::sig_atomic_t interrupted = 0; // a signal handler may write nothing else

void onSignal(int number)
{
    if (number != SIGWINCH)
        interrupted = 1;
}

void writeTerminal(const std::string& text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

winsize sizeOf()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        size.ws_col = 100;
        size.ws_row = 40;
    }
    return size;
}

} // namespace

struct Screen::Saved {
    termios keys{};
    bool hasKeys = false;
    struct sigaction interrupt {};
    struct sigaction terminate {};
    struct sigaction resize {};
};

Screen::Screen() : saved_(std::make_unique<Saved>())
{
    interrupted = 0;
    struct sigaction action {};
    action.sa_handler = onSignal; // without SA_RESTART, so that poll returns
    ::sigaction(SIGINT, &action, &saved_->interrupt);
    ::sigaction(SIGTERM, &action, &saved_->terminate);
    ::sigaction(SIGWINCH, &action, &saved_->resize);
    saved_->hasKeys = ::tcgetattr(STDIN_FILENO, &saved_->keys) == 0;
    if (saved_->hasKeys) {
        termios raw = saved_->keys;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    writeTerminal("\033[?1049h\033[?25l");
}

Screen::~Screen()
{
    writeTerminal("\033[?25h\033[?1049l");
    if (saved_->hasKeys)
        ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_->keys);
    ::sigaction(SIGINT, &saved_->interrupt, nullptr);
    ::sigaction(SIGTERM, &saved_->terminate, nullptr);
    ::sigaction(SIGWINCH, &saved_->resize, nullptr);
}

std::size_t Screen::width() const
{
    return sizeOf().ws_col;
}

std::size_t Screen::height() const
{
    return sizeOf().ws_row;
}

void Screen::draw(const std::vector<std::string>& lines) const
{
    std::string text = "\033[H";
    for (std::size_t i = 0; i < lines.size(); ++i)
        text += text::printable(lines[i]) + "\033[K" + (i + 1 < lines.size() ? "\r\n" : "");
    writeTerminal(text + "\033[J");
}

bool Screen::wait(std::chrono::milliseconds span) const
{
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    const int came = ::poll(&keys, saved_->hasKeys ? 1 : 0, static_cast<int>(span.count()));
    char key = 0;
    if (came > 0 && ::read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q'))
        return false;
    return interrupted == 0;
}

} // namespace bm::cli

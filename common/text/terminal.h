#pragma once
#include <iosfwd>
#include <memory>
#include <streambuf>
#include <string>
#include <string_view>

namespace bm::text {

/// Codes by which a program of bm moves the cursor or erases: out << Control{"\r\033[K"}. The codes are its
/// own text; the output escapes codes in every other text.
struct Control {
    std::string_view codes;
};
std::ostream& operator<<(std::ostream& out, Control control);

/// Escapes what a command prints (printable()); line feeds and tabs stay. JSON and YAML keep their
/// meaning, because \u202e is the same character there. One thread.
class TerminalFilter : public std::streambuf {
public:
    explicit TerminalFilter(std::streambuf& target) : target_(target) {}
    ~TerminalFilter() override;
    TerminalFilter(const TerminalFilter&) = delete;
    TerminalFilter& operator=(const TerminalFilter&) = delete;

    void passControl(std::string_view codes);

protected:
    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* text, std::streamsize count) override;
    int sync() override;

private:
    bool forward(std::string_view text);
    bool forwardRest();
    std::streambuf& target_;
    std::string pending_{}; ///< the begin of a UTF-8 sequence
};

/// While it lives, everything that the process prints by std::cout and std::cerr goes through a
/// TerminalFilter.
class SafeOutput {
public:
    SafeOutput();
    ~SafeOutput();
    SafeOutput(const SafeOutput&) = delete;
    SafeOutput& operator=(const SafeOutput&) = delete;

private:
    std::streambuf* out_;
    std::streambuf* err_;
    TerminalFilter outFilter_;
    TerminalFilter errFilter_;
};

} // namespace bm::text

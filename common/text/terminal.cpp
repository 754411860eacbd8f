#include "common/text/terminal.h"

#include "common/text/printable.h"

#include <iostream>

namespace bm::text {

std::ostream& operator<<(std::ostream& out, Control control)
{
    if (auto* const filter = dynamic_cast<TerminalFilter*>(out.rdbuf()))
        filter->passControl(control.codes);
    else
        out << control.codes;
    return out;
}

TerminalFilter::~TerminalFilter()
{
    forwardRest();
}

void TerminalFilter::passControl(std::string_view codes)
{
    forwardRest();
    forward(codes);
}

TerminalFilter::int_type TerminalFilter::overflow(int_type c)
{
    if (traits_type::eq_int_type(c, traits_type::eof()))
        return traits_type::not_eof(c);
    const char byte = traits_type::to_char_type(c);
    return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
}

std::streamsize TerminalFilter::xsputn(const char* text, std::streamsize count)
{
    pending_.append(text, static_cast<std::size_t>(count));
    const std::size_t whole = pending_.size() - unfinishedBytes(pending_);
    const std::string safe = printable(std::string_view(pending_).substr(0, whole), Breaks::Kept);
    pending_.erase(0, whole);
    return forward(safe) ? count : 0;
}

int TerminalFilter::sync()
{
    return forwardRest() && target_.pubsync() == 0 ? 0 : -1;
}

bool TerminalFilter::forward(std::string_view text)
{
    const auto size = static_cast<std::streamsize>(text.size());
    return target_.sputn(text.data(), size) == size;
}

bool TerminalFilter::forwardRest()
{
    const std::string safe = printable(pending_, Breaks::Kept);
    pending_.clear();
    return forward(safe);
}

SafeOutput::SafeOutput()
    : out_(std::cout.rdbuf()), err_(std::cerr.rdbuf()), outFilter_(*out_), errFilter_(*err_)
{
    std::cout.rdbuf(&outFilter_);
    std::cerr.rdbuf(&errFilter_);
}

SafeOutput::~SafeOutput()
{
    std::cout.flush();
    std::cerr.flush();
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
}

} // namespace bm::text

#include "images/convert/tree_path.h"

#include "common/text/printable.h"
#include "common/text/utf8.h"
#include "images/convert/refusal.h"

#include <algorithm>

namespace bm::images {
namespace {

constexpr std::size_t kLongestPath = 4095; // PATH_MAX of Linux without the terminating zero
constexpr std::size_t kLongestPart = 255;  // NAME_MAX

[[noreturn]] void refuse(std::string_view name, const char* why)
{
    throw Refusal(ConvertExit::Unsupported, "the archive's entry '" + printable(name) + "' " + why);
}

bool hasControl(std::string_view text)
{
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return true;
    return false;
}

void checkPart(std::string_view name, std::string_view part)
{
    if (part == "..")
        refuse(name, "leads outside the tree (..)");
    if (part.size() > kLongestPart)
        refuse(name, "has a component longer than 255 bytes");
}

} // namespace

std::string cleanPath(std::string_view name)
{
    if (name.empty())
        refuse(name, "has no name");
    if (name.front() == '/')
        refuse(name, "is absolute; make the archive from inside the tree: tar -C ROOT -c .");
    if (name.size() > kLongestPath)
        refuse(name, "has a path longer than 4095 bytes");
    if (!text::isUtf8(name))
        refuse(name, "has a name that is not UTF-8");
    if (hasControl(name))
        refuse(name, "has a control character in its name");
    std::string clean;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('/', at), name.size());
        const std::string_view part = name.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".")
            continue;
        checkPart(name, part);
        if (!clean.empty())
            clean += '/';
        clean += part;
    }
    return clean;
}

std::string_view parentOf(std::string_view path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view lastPartOf(std::string_view path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool isRootFolder(std::string_view name)
{
    return name == "etc" || name == "usr" || name == "bin";
}

std::string printable(std::string_view text)
{
    constexpr std::size_t kMost = 200;
    return text::printable(text.substr(0, kMost)) + (text.size() > kMost ? "..." : "");
}

} // namespace bm::images

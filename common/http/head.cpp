#include "common/http/head.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>
#include <algorithm>
#include <cctype>
#include <sstream>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

[[noreturn]] void malformed(const std::string& why)
{
    throw Error(ErrorCode::InvalidInput, "not a well-formed HTTP request: " + why);
}

int hexValue(char c)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
    const std::size_t at = kDigits.find(lower);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool hasToken(std::string_view list, std::string_view token)
{
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (equalIgnoringCase(text::trimmed(list.substr(0, comma), " \t"), token))
            return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

void parseTarget(std::string_view target, Head& head)
{
    if (const std::size_t scheme = target.find("://");
        !target.starts_with('/') && scheme != std::string_view::npos) {
        const std::size_t slash = target.find('/', scheme + 3); // absolute form, as sent to proxies
        target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
    if (!target.starts_with('/') && target != "*")
        malformed("the path does not start with a slash");
    const std::size_t mark = std::min(target.find('?'), target.size());
    head.path = urlDecode(target.substr(0, mark));
    while (head.path.size() > 1 && head.path.ends_with('/'))
        head.path.pop_back();
    std::string_view rest = target.substr(std::min(mark + 1, target.size()));
    rest = rest.substr(0, rest.find('#'));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (!pair.empty())
            head.query.emplace_back(urlDecode(pair.substr(0, equals), true),
                                    urlDecode(pair.substr(std::min(equals + 1, pair.size())), true));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

/// Refuses heads that two parsers may read differently (request smuggling).
void parseFraming(Head& head)
{
    for (const auto& [name, value] : head.fields) {
        if (equalIgnoringCase(name, "Content-Length")) {
            const std::optional<std::uint64_t> length = text::parseNumber<std::uint64_t>(value);
            if (!length)
                malformed("Content-Length is not a number");
            if (head.contentLength && head.contentLength != length)
                malformed("two different Content-Length");
            head.contentLength = length;
        } else if (equalIgnoringCase(name, "Transfer-Encoding")) {
            if (!equalIgnoringCase(value, "chunked") || head.chunked || head.http10)
                malformed("a transfer encoding other than chunked");
            head.chunked = true;
        }
    }
    if (head.chunked && head.contentLength)
        malformed("both Content-Length and Transfer-Encoding");
}

void parseHost(Head& head)
{
    head.host = head.field("Host").value_or("");
    const bool plain = std::all_of(head.host.begin(), head.host.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
    });
    if (!plain) // it ends up in links and boot scripts
        malformed("Host is not a host name");
}

} // namespace

bool equalIgnoringCase(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::optional<std::string> Head::field(std::string_view name) const
{
    for (const auto& [known, value] : fields)
        if (equalIgnoringCase(known, name))
            return value;
    return std::nullopt;
}

std::vector<std::string> Head::allFields(std::string_view name) const
{
    std::vector<std::string> values;
    for (const auto& [known, value] : fields)
        if (equalIgnoringCase(known, name))
            values.push_back(value);
    return values;
}

std::size_t headLength(std::string_view bytes, std::size_t searched)
{
    const std::size_t from = searched < 2 ? 0 : searched - 2; // an end of line may be cut
    for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos;
         at = bytes.find('\n', at + 1)) {
        const std::string_view rest = bytes.substr(at + 1);
        if (rest.starts_with('\n'))
            return at + 2;
        if (rest.starts_with("\r\n"))
            return at + 3;
    }
    return 0;
}

Head parseHead(const std::string& bytes)
{
    Poco::Net::HTTPRequest message;
    std::istringstream stream(bytes);
    try {
        message.read(stream);
    } catch (const Poco::Exception& error) {
        malformed(error.displayText());
    }
    Head head;
    head.method = methodFromText(message.getMethod());
    head.http10 = message.getVersion() == Poco::Net::HTTPMessage::HTTP_1_0;
    if (!head.http10 && message.getVersion() != Poco::Net::HTTPMessage::HTTP_1_1)
        malformed("neither HTTP/1.0 nor HTTP/1.1");
    for (const auto& [name, value] : message)
        head.fields.emplace_back(name, value);
    parseTarget(message.getURI(), head);
    parseFraming(head);
    parseHost(head);
    const std::string connection = head.field("Connection").value_or("");
    head.keepAlive = head.http10 ? hasToken(connection, "keep-alive") : !hasToken(connection, "close");
    head.expectsContinue =
        !head.http10 && equalIgnoringCase(head.field("Expect").value_or(""), "100-continue");
    return head;
}

std::string urlDecode(std::string_view text, bool plusIsBlank)
{
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hexValue(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hexValue(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                malformed("a broken % escape");
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plusIsBlank) {
            c = ' ';
        }
        if (c == '\0')
            malformed("a zero byte");
        decoded += c;
    }
    return decoded;
}

} // namespace bm::http

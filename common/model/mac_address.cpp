#include "common/model/mac_address.h"

#include <cctype>

namespace bm::model {

std::optional<MacAddress> anyMacFromText(std::string_view text)
{
    if (text.size() == 20 && text.substr(0, 3) == "01-")
        text.remove_prefix(3);
    if (text.size() != 17)
        return std::nullopt;
    std::string canonical;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto letter = static_cast<unsigned char>(text[i]);
        if (i % 3 == 2) {
            if (letter != ':' && letter != '-')
                return std::nullopt;
            canonical += ':';
        } else {
            if (std::isxdigit(letter) == 0)
                return std::nullopt;
            canonical += static_cast<char>(std::tolower(letter));
        }
    }
    return MacAddress{canonical};
}

std::optional<MacAddress> macFromText(std::string_view text)
{
    std::optional<MacAddress> mac = anyMacFromText(text);
    const bool multicast = mac && std::string_view{"13579bdf"}.find(mac->text[1]) != std::string_view::npos;
    if (multicast || mac == MacAddress{"00:00:00:00:00:00"})
        return std::nullopt;
    return mac;
}

std::string toBootif(const MacAddress& mac)
{
    std::string text = "01-" + mac.text;
    for (char& letter : text)
        if (letter == ':')
            letter = '-';
    return text;
}

} // namespace bm::model

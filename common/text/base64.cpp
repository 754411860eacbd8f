#include "common/text/base64.h"

#include <sodium.h>

namespace bm::text {
namespace {

constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;

} // namespace

std::string toBase64(std::string_view bytes)
{
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
    ::sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                        bytes.size(), kVariant);
    text.pop_back();
    return text;
}

std::optional<std::string> fromBase64(std::string_view text, const char* ignored)
{
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    if (::sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                            text.size(), ignored, &length, nullptr, kVariant) != 0)
        return std::nullopt;
    bytes.resize(length);
    return bytes;
}

} // namespace bm::text

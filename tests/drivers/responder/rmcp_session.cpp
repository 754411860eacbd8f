#include "tests/drivers/responder/rmcp_session.h"

#include <algorithm>
#include <memory>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace bm::test {
namespace {

constexpr std::size_t kBlock = 16;

void append(Bytes& to, const Bytes& from)
{
    to.insert(to.end(), from.begin(), from.end());
}
template <std::size_t N> void append(Bytes& to, const std::array<std::uint8_t, N>& from)
{
    to.insert(to.end(), from.begin(), from.end());
}

/// AES-CBC-128 without padding.
Bytes aes(bool encrypt, const Bytes& key, const Bytes& iv, const Bytes& text)
{
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                  EVP_CIPHER_CTX_free);
    EVP_CipherInit_ex(context.get(), EVP_aes_128_cbc(), nullptr, key.data(), iv.data(), encrypt ? 1 : 0);
    EVP_CIPHER_CTX_set_padding(context.get(), 0);
    Bytes result(text.size() + kBlock);
    int first = 0;
    int last = 0;
    EVP_CipherUpdate(context.get(), result.data(), &first, text.data(), static_cast<int>(text.size()));
    EVP_CipherFinal_ex(context.get(), result.data() + first, &last);
    result.resize(static_cast<std::size_t>(first + last));
    return result;
}

} // namespace

std::uint8_t RmcpSession::algorithm(int group) const
{
    if (group == 2)
        return 1; // AES-CBC-128
    if (group == 0)
        return suite_ == 17 ? 3 : 1; // RAKP-HMAC-SHA256, RAKP-HMAC-SHA1
    return suite_ == 17 ? 4 : 1;     // HMAC-SHA256-128, HMAC-SHA1-96
}

Bytes RmcpSession::hmac(const Bytes& key, const Bytes& text) const
{
    Bytes code(EVP_MAX_MD_SIZE);
    unsigned length = 0;
    HMAC(suite_ == 17 ? EVP_sha256() : EVP_sha1(), key.data(), static_cast<int>(key.size()), text.data(),
         text.size(), code.data(), &length);
    code.resize(length);
    return code;
}

Bytes RmcpSession::identity() const
{
    Bytes text{role, static_cast<std::uint8_t>(user.size())};
    text.insert(text.end(), user.begin(), user.end());
    return text;
}

Bytes RmcpSession::rakp2Code() const
{
    Bytes text;
    append(text, consoleId);
    append(text, bmcId);
    append(text, consoleRandom);
    append(text, bmcRandom);
    append(text, guid);
    append(text, identity());
    return hmac(Bytes(password_.begin(), password_.end()), text);
}

Bytes RmcpSession::rakp3Code() const
{
    Bytes text = bmcRandom;
    append(text, consoleId);
    append(text, identity());
    return hmac(Bytes(password_.begin(), password_.end()), text);
}

Bytes RmcpSession::rakp4Code()
{
    Bytes text = consoleRandom;
    append(text, bmcRandom);
    append(text, identity());
    sik_ = hmac(kg_.empty() ? Bytes(password_.begin(), password_.end()) : kg_, text);
    Bytes proof = consoleRandom;
    append(proof, bmcId);
    append(proof, guid);
    Bytes code = hmac(sik_, proof);
    code.resize(suite_ == 17 ? 16 : 12);
    return code;
}

Bytes RmcpSession::integrity(const Bytes& covered) const
{
    Bytes code = hmac(hmac(sik_, Bytes(20, 1)), covered);
    code.resize(suite_ == 17 ? 16 : 12);
    return code;
}

Bytes RmcpSession::seal(const Bytes& plain) const
{
    Bytes text = plain;
    for (std::uint8_t pad = 1; (text.size() + 1) % kBlock != 0; ++pad)
        text.push_back(pad);
    text.push_back(static_cast<std::uint8_t>(text.size() - plain.size()));
    Bytes iv(kBlock);
    RAND_bytes(iv.data(), static_cast<int>(iv.size()));
    Bytes sealed = iv;
    append(sealed, aes(true, hmac(sik_, Bytes(20, 2)), iv, text));
    return sealed;
}

std::optional<Bytes> RmcpSession::open(const Bytes& sealed) const
{
    if (sealed.size() < 2 * kBlock || sealed.size() % kBlock != 0)
        return std::nullopt;
    const Bytes iv(sealed.begin(), sealed.begin() + kBlock);
    Bytes text = aes(false, hmac(sik_, Bytes(20, 2)), iv, Bytes(sealed.begin() + kBlock, sealed.end()));
    const std::size_t trailer = std::size_t{1} + text.back();
    if (trailer > text.size())
        return std::nullopt;
    text.resize(text.size() - trailer);
    return text;
}

} // namespace bm::test

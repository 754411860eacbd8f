#include "images/blocks/digest.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <openssl/evp.h>
#include <vector>

namespace bm::images {
namespace {

struct ContextCloser {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, ContextCloser>;

/// Fetches the algorithm once: an implicit fetch per block costs more than hashing a small block.
const EVP_MD* fetched(const char* name)
{
    EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
    BM_ASSERT(digest != nullptr);
    return digest;
}

const EVP_MD* algorithm(Digest::Kind kind)
{
    static const EVP_MD* const sha256 = fetched("SHA256");
    static const EVP_MD* const sha512 = fetched("SHA512");
    return kind == Digest::Kind::Bits256 ? sha256 : sha512;
}

} // namespace

struct Digest::State {
    ContextPtr context;
};

Digest::Digest(Kind kind) : state_(std::make_unique<State>())
{
    state_->context.reset(EVP_MD_CTX_new());
    BM_ASSERT(state_->context != nullptr);
    BM_ASSERT(EVP_DigestInit_ex(state_->context.get(), algorithm(kind), nullptr) == 1);
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::span<const std::byte> bytes)
{
    BM_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Digest::hex()
{
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    BM_ASSERT(EVP_DigestFinal_ex(state_->context.get(), out.data(), &length) == 1);
    return text::toHex(std::span(out).first(length));
}

Sha256 sha256(std::span<const std::byte> bytes)
{
    Sha256 out{};
    const ContextPtr context(EVP_MD_CTX_new());
    BM_ASSERT(context != nullptr);
    BM_ASSERT(EVP_DigestInit_ex(context.get(), algorithm(Digest::Kind::Bits256), nullptr) == 1);
    BM_ASSERT(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
    BM_ASSERT(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
    return out;
}

} // namespace bm::images

#include "common/platform/secrets.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/base64.h"
#include "common/text/text.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sodium.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace bm::platform {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::string_view kWithoutPlace = "sealed:1:";
constexpr std::string_view kWithPlace = "sealed:2:";
constexpr std::size_t kPlaceBytes = 18;
constexpr std::size_t kPlaceLength = kPlaceBytes / 3 * 4; ///< in base64
constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

void initSodium()
{
    static const int result = ::sodium_init();
    if (result < 0)
        throw Error(ErrorCode::Internal, "libsodium cannot start: no random numbers");
}

unsigned char* bytesOf(std::string& text)
{
    return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string randomBytes(std::size_t count)
{
    initSodium();
    std::string bytes(count, '\0');
    ::randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

/// Creates the key file unless it exists; two processes that start at once read the same key afterwards.
void makeKeyFile(const std::filesystem::path& file)
{
    struct stat status {};
    if (::lstat(file.c_str(), &status) == 0)
        return;
    std::string temporary = file.string() + ".XXXXXX";
    const Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
    const text::Secret key = randomBytes(kKeyBytes);
    const bool written =
        fd && ::write(fd.get(), key.view().data(), key.size()) == static_cast<ssize_t>(key.size()) &&
        ::fsync(fd.get()) == 0 && (::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST);
    const int reason = errno;
    if (fd)
        ::unlink(temporary.c_str());
    if (!written)
        throw Error(ErrorCode::Internal, fmt::format("cannot make the key file {}: {}", file.string(),
                                                     std::generic_category().message(reason)));
}

/// The first @p size bytes of a key file, without a copy elsewhere.
text::Secret readKey(const std::filesystem::path& file, std::size_t size)
{
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string key(size, '\0');
    const bool whole = fd && ::read(fd.get(), key.data(), size) == static_cast<ssize_t>(size);
    const int reason = errno;
    text::Secret read(std::move(key));
    if (!whole)
        throw Error(ErrorCode::Internal, fmt::format("cannot read the key file {}: {}", file.string(),
                                                     std::generic_category().message(reason)));
    return read;
}

/// One key, or up to @p most.
text::Secret readKeyFile(const std::filesystem::path& file, std::size_t most = 1)
{
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        throw Error(ErrorCode::InvalidInput, fmt::format("cannot read the key file {}: {}", file.string(),
                                                         std::generic_category().message(errno)));
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the key file {} can be read by others", file.string()),
                    fmt::format("chmod 0600 {}", file.string()));
    const std::size_t size = static_cast<std::size_t>(status.st_size);
    if (size == 0 || size % kKeyBytes != 0 || size > most * kKeyBytes)
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("the key file {} has {} bytes, not {}", file.string(), status.st_size, kKeyBytes),
            "restore it from a backup; secrets sealed with a lost key cannot be read");
    return readKey(file, size);
}

/// Locks <file>.lock as long as the descriptor is open. @throws Error Conflict: another process holds the
/// lock
Fd lockKeyFile(const std::filesystem::path& file, LockShare share, const char* message, const char* hint)
{
    Fd lock = lockFile(file.string() + ".lock", share);
    if (!lock)
        throw Error(ErrorCode::Conflict, fmt::format("{}: {}", file.string(), message), hint);
    return lock;
}

constexpr std::size_t kKeysAtMost = 2;

} // namespace

std::string randomHex(std::size_t bytes)
{
    const std::string random = randomBytes(bytes);
    return text::toHex(std::as_bytes(std::span(random)));
}

bool equalSecrets(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string sha256Hex(std::string_view text)
{
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    ::crypto_hash_sha256(hash.data(), bytesOf(text), text.size());
    return text::toHex(hash);
}

std::string hmacSha256Hex(std::string_view key, std::string_view text)
{
    const auto bytes = [](std::string_view view) {
        return reinterpret_cast<const unsigned char*>(view.data());
    };
    crypto_auth_hmacsha256_state state;
    std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
    crypto_auth_hmacsha256_init(&state, bytes(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes(text), text.size());
    crypto_auth_hmacsha256_final(&state, mac.data());
    std::string hex;
    for (const unsigned char byte : mac)
        hex += fmt::format("{:02x}", byte);
    return hex;
}

std::string hashPassword(std::string_view password)
{
    initSodium();
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    if (::crypto_pwhash_str_alg(hash.data(), password.data(), password.size(),
                                crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                                crypto_pwhash_ALG_ARGON2ID13) != 0)
        throw Error(ErrorCode::Unavailable, "not enough memory to hash a password");
    return hash.data();
}

bool verifyPassword(std::string_view hash, std::string_view password)
{
    initSodium();
    if (hash.size() >= crypto_pwhash_STRBYTES)
        return false;
    std::array<char, crypto_pwhash_STRBYTES> text{}; // libsodium requires zeros after the text
    hash.copy(text.data(), hash.size());
    return ::crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

SecretBox::SecretBox(const std::filesystem::path& keyFile)
{
    makeKeyFile(keyFile);
    readKeyFile(keyFile,
                kKeysAtMost); // an error of the file precedes one of its lock
    lock_ = lockKeyFile(keyFile, LockShare::Shared, "the key is being exchanged",
                        "wait until bmd --rotate-key has ended");
    keys_ = readKeyFile(keyFile, kKeysAtMost);
}

SecretBox::SecretBox() : keys_(randomBytes(kKeyBytes)) {}

KeyRotation::KeyRotation(const std::filesystem::path& keyFile)
    : keyFile_(keyFile), lock_(lockKeyFile(keyFile, LockShare::Exclusive, "the key is in use",
                                           "stop bmd first: systemctl stop bmd"))
{
    text::Secret keys = readKeyFile(keyFile, kKeysAtMost);
    if (keys.size() == kKeyBytes) { // else a rotation was interrupted
        const text::Secret fresh = randomBytes(kKeyBytes);
        std::string both;
        both.reserve(fresh.size() + keys.size());
        both.append(fresh.view()).append(keys.view());
        keys = std::move(both);
        writeFileAtomically(keyFile, keys.view(), 0600);
    }
    box_.keys_ = std::move(keys);
}

void KeyRotation::finish()
{
    box_.keys_ = box_.keys_.view().substr(0, kKeyBytes);
    writeFileAtomically(keyFile_, box_.keys_.view(), 0600);
}

namespace {

/// The parts of a sealed text.
struct SealedParts {
    std::string place; ///< "" in a text without a place
    std::string bytes; ///< nonce, encrypted text and its tag
};

/// The first 144 bits of the SHA-256 of the place, in base64: 24 characters.
std::string hashOf(const SealPlace& place)
{
    std::string text;
    for (const std::string_view part : {place.table, place.row, place.field})
        text += fmt::format("{}:{}", part.size(), part);
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    ::crypto_hash_sha256(hash.data(), bytesOf(std::string_view(text)), text.size());
    return text::toBase64(std::string(reinterpret_cast<const char*>(hash.data()), kPlaceBytes));
}

std::optional<SealedParts> partsOf(std::string_view sealed)
{
    SealedParts parts;
    if (sealed.starts_with(kWithoutPlace)) {
        sealed.remove_prefix(kWithoutPlace.size());
    } else if (sealed.starts_with(kWithPlace) && sealed.size() > kWithPlace.size() + kPlaceLength &&
               sealed[kWithPlace.size() + kPlaceLength] == ':') {
        parts.place = sealed.substr(kWithPlace.size(), kPlaceLength);
        sealed.remove_prefix(kWithPlace.size() + kPlaceLength + 1);
    } else {
        return std::nullopt;
    }
    parts.bytes = text::fromBase64(sealed).value_or("");
    if (parts.bytes.size() < kNonceBytes + kTagBytes)
        return std::nullopt;
    return parts;
}

std::string sealedText(std::string_view place, std::string_view plain, std::string_view keys)
{
    std::string sealed = randomBytes(kNonceBytes);
    sealed.resize(kNonceBytes + plain.size() + kTagBytes);
    unsigned char* nonce = bytesOf(sealed);
    ::crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonceBytes, nullptr, bytesOf(plain), plain.size(),
                                                 bytesOf(place), place.size(), nullptr, nonce, bytesOf(keys));
    return place.empty() ? std::string(kWithoutPlace) + text::toBase64(sealed)
                         : fmt::format("{}{}:{}", kWithPlace, place, text::toBase64(sealed));
}

} // namespace

model::SealedText SecretBox::seal(const SealPlace& place, std::string_view plain) const
{
    return {sealedText(hashOf(place), plain, keys_.view())};
}

std::string SecretBox::open(const SealPlace& place, const model::SealedText& sealed) const
{
    const std::optional<SealedParts> parts = partsOf(sealed.text);
    if (parts && !parts->place.empty() && parts->place != hashOf(place))
        throw Error(ErrorCode::Internal, "a stored secret was sealed for another row or field",
                    "set the secret again; somebody may have copied it inside the database");
    if (parts)
        if (const std::optional<std::string> plain = opened(parts->place, parts->bytes))
            return *plain;
    throw Error(ErrorCode::Internal, "a stored secret cannot be opened with this key",
                "restore the key file this database was written with, or set the secret again");
}

std::optional<std::string> SecretBox::opened(std::string_view place, const std::string& bytes) const
{
    std::string plain(bytes.size() - kNonceBytes - kTagBytes, '\0');
    const unsigned char* nonce = bytesOf(std::string_view(bytes));
    for (std::size_t key = 0; key < keys_.size(); key += kKeyBytes)
        if (::crypto_aead_xchacha20poly1305_ietf_decrypt(
                bytesOf(plain), nullptr, nullptr, nonce + kNonceBytes, bytes.size() - kNonceBytes,
                bytesOf(place), place.size(), nonce, bytesOf(keys_.view().substr(key))) == 0)
            return plain;
    return std::nullopt;
}

bool SecretBox::isSealed(std::string_view text)
{
    return partsOf(text).has_value();
}

bool SecretBox::hasKeyOf(const std::string& sealed) const
{
    const std::optional<SealedParts> parts = partsOf(sealed);
    return parts && opened(parts->place, parts->bytes);
}

std::optional<std::string> KeyRotation::resealed(const std::string& sealed) const
{
    const std::optional<SealedParts> parts = partsOf(sealed);
    std::optional<std::string> plain = parts ? box_.opened(parts->place, parts->bytes) : std::nullopt;
    const std::optional<text::Secret> wiped =
        plain ? std::optional<text::Secret>(std::move(*plain)) : std::nullopt;
    return wiped ? std::optional(sealedText(parts->place, wiped->view(), box_.keys_.view())) : std::nullopt;
}

static_assert(crypto_sign_SEEDBYTES == kKeyBytes);

SigningKey::SigningKey(const std::filesystem::path& keyFile)
{
    initSodium();
    makeKeyFile(keyFile);
    expand(readKeyFile(keyFile).view());
}

SigningKey::SigningKey()
{
    expand(text::Secret(randomBytes(crypto_sign_SEEDBYTES)).view());
}

void SigningKey::expand(std::string_view seed)
{
    std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
    std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
    ::crypto_sign_seed_keypair(open.data(), bytesOf(secret), bytesOf(seed));
    secret_ = std::move(secret);
    publicHex_ = text::toHex(open);
}

std::string SigningKey::sign(std::string_view text) const
{
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    ::crypto_sign_detached(signature.data(), nullptr, bytesOf(text), text.size(), bytesOf(secret_.view()));
    return text::toHex(signature);
}

namespace {

/// Exactly @p N bytes from @p hex, or nothing.
template <std::size_t N> std::optional<std::array<unsigned char, N>> fromHex(std::string_view hex)
{
    std::array<unsigned char, N> bytes{};
    std::size_t length = 0;
    if (hex.size() != 2 * N ||
        ::sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &length, nullptr) !=
            0 ||
        length != N)
        return std::nullopt;
    return bytes;
}

} // namespace

bool verifySignature(std::string_view publicKeyHex, std::string_view text, std::string_view signatureHex)
{
    const auto key = fromHex<crypto_sign_PUBLICKEYBYTES>(publicKeyHex);
    const auto signature = fromHex<crypto_sign_BYTES>(signatureHex);
    return key && signature &&
           ::crypto_sign_verify_detached(signature->data(), bytesOf(text), text.size(), key->data()) == 0;
}

} // namespace bm::platform

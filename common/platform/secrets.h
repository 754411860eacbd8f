#pragma once
#include "common/platform/files.h"
#include "common/text/sealed_text.h"
#include "common/text/secret.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bm::platform {

/// @p bytes random bytes in lower-case hex, from the kernel.
std::string randomHex(std::size_t bytes);
/// Compares in constant time.
bool equalSecrets(std::string_view a, std::string_view b);
/// Lower-case hex SHA-256 of @p text.
std::string sha256Hex(std::string_view text);
/// Lower-case hex HMAC-SHA256 (RFC 2104) of @p text under @p key.
std::string hmacSha256Hex(std::string_view key, std::string_view text);
/// Argon2id (libsodium's interactive limits), in its own text form "$argon2id$...".
std::string hashPassword(std::string_view password);
bool verifyPassword(std::string_view hash, std::string_view password);

/// The place of a sealed value in the database. A value opens only at its own place, so that a copied one
/// is worthless elsewhere.
struct SealPlace {
    std::string_view table{};
    std::string_view row{};   ///< the row's key
    std::string_view field{}; ///< the column, or the member of its JSON
};

/// Seals values for the database by libsodium's XChaCha20-Poly1305 with the key of a key file: 32 bytes, or
/// 64 during a rotation (the new key, then the old one, which only opens).
class SecretBox {
public:
    /// Reads the key at @p keyFile, or makes it with mode 0600. No KeyRotation of the file begins during the
    /// object's life.
    /// @throws Error InvalidInput (others can read the file, wrong length), Conflict (a rotation runs)
    explicit SecretBox(const std::filesystem::path& keyFile);
    /// A key that lives with this object: --dev and tests.
    SecretBox();
    /// "sealed:2:<hash of the place>:<base64>"; differs at each call.
    model::SealedText seal(const SealPlace& place, std::string_view plain) const;
    /// Opens also "sealed:1:<base64>", which releases before 2027 stored without a place.
    /// @throws Error Internal: sealed with another key or for another place, or no sealed text
    std::string open(const SealPlace& place, const model::SealedText& sealed) const;
    /// True if @p text has the form of a sealed text, whatever opens it.
    static bool isSealed(std::string_view text);
    /// True if a key opens @p sealed, whatever its place.
    bool hasKeyOf(const std::string& sealed) const;

private:
    friend class KeyRotation;
    std::optional<std::string> opened(std::string_view place, const std::string& bytes) const;
    text::Secret keys_; ///< one after the other; the first seals
    Fd lock_;
};

/// The rotation of a key file's key. The caller opens and seals again every value of its own, then calls
/// finish(). After an interruption the next KeyRotation continues.
class KeyRotation {
public:
    /// Puts a new key before the old one. @throws Error Conflict: a SecretBox of this file exists
    explicit KeyRotation(const std::filesystem::path& keyFile);
    /// @p sealed under the new key, for the same place; nothing when neither key opens it.
    std::optional<std::string> resealed(const std::string& sealed) const;
    void finish(); ///< removes the old key

private:
    std::filesystem::path keyFile_;
    Fd lock_;
    SecretBox box_;
};

/// Signs documents by libsodium's Ed25519, with its seed in a key file. Thread-safe.
class SigningKey {
public:
    /// Reads the 32-byte seed at @p keyFile, or makes it with mode 0600.
    /// @throws Error InvalidInput when it is readable by others or of another length
    explicit SigningKey(const std::filesystem::path& keyFile);
    /// A key that lives with this object: --dev and tests.
    SigningKey();
    /// Lower-case hex, 64 bytes.
    std::string sign(std::string_view text) const;
    /// Lower-case hex, 32 bytes.
    const std::string& publicKey() const { return publicHex_; }

private:
    void expand(std::string_view seed);
    text::Secret secret_;
    std::string publicHex_;
};
/// True if @p signatureHex is a signature of @p text by @p publicKeyHex; false also for texts that are not
/// hex.
bool verifySignature(std::string_view publicKeyHex, std::string_view text, std::string_view signatureHex);

} // namespace bm::platform

#pragma once
#include "common/platform/files.h"

#include <filesystem>
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
    /// "sealed:1:<base64>"; differs at each call.
    std::string seal(std::string_view plain) const;
    /// Opens a sealed text; returns a text without "sealed:" in front unchanged.
    /// @throws Error Internal: sealed with another key
    std::string open(std::string_view sealed) const;
    static bool isSealed(std::string_view text);

private:
    friend class KeyRotation;
    std::string keys_; ///< one after the other; the first seals
    Fd lock_;
};

/// The rotation of a key file's key. The caller opens and seals again every value of its own, then calls
/// finish(). After an interruption the next KeyRotation continues.
class KeyRotation {
public:
    /// Puts a new key before the old one. @throws Error Conflict: a SecretBox of this file exists
    explicit KeyRotation(const std::filesystem::path& keyFile);
    const SecretBox& box() const { return box_; } ///< opens with both, seals with the new one
    void finish();                                ///< removes the old key

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
    void expand(const std::string& seed);
    std::string secret_;
    std::string publicHex_;
};
/// True if @p signatureHex is a signature of @p text by @p publicKeyHex; false also for texts that are not
/// hex.
bool verifySignature(std::string_view publicKeyHex, std::string_view text, std::string_view signatureHex);

} // namespace bm::platform

#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::test {

using Bytes = std::vector<std::uint8_t>;

/// Cryptography of one RMCP+ login, cipher suites 3 (HMAC-SHA1) and 17 (HMAC-SHA256), both AES-CBC-128.
/// Written from IPMI 2.0 chapter 13, independently of ipmitool.
class RmcpSession {
public:
    RmcpSession(int suite, std::string password, Bytes kg)
        : suite_(suite), password_(std::move(password)), kg_(std::move(kg))
    {}

    std::array<std::uint8_t, 4> consoleId{};
    std::array<std::uint8_t, 4> bmcId{};
    Bytes consoleRandom{};
    Bytes bmcRandom{};
    Bytes guid{};
    std::uint8_t role = 0;
    std::string user{};

    int suite() const { return suite_; }
    std::uint8_t algorithm(int group) const; ///< 0 authentication, 1 integrity, 2 confidentiality
    Bytes rakp2Code() const;
    Bytes rakp3Code() const;
    Bytes rakp4Code();                    ///< also derives the session's keys
    Bytes seal(const Bytes& plain) const; ///< confidentiality: IV, AES-CBC
    std::optional<Bytes> open(const Bytes& sealed) const;
    Bytes integrity(const Bytes& covered) const;

private:
    Bytes hmac(const Bytes& key, const Bytes& text) const;
    Bytes identity() const; ///< role, user name length, user name

    int suite_;
    std::string password_;
    Bytes kg_;
    Bytes sik_{};
};

} // namespace bm::test

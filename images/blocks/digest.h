#pragma once
#include "images/blocks/manifest.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace bm::images {

/// SHA-256 of @p bytes (OpenSSL: SHA-NI where the CPU has it, about 1.5 GB/s).
Sha256 sha256(std::span<const std::byte> bytes);

/// A digest of a stream. One thread at a time.
class Digest {
public:
    enum class Kind : std::uint8_t { Bits256, Bits512 }; ///< SHA-2
    explicit Digest(Kind kind);
    ~Digest();
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;
    void update(std::span<const std::byte> bytes);
    /// Ends the stream; update() must not follow.
    std::string hex();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::images

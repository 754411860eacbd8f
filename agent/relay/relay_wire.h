#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace bm::agent {

/// What two agents say to each other over TCP during a copy; all numbers little endian (docs/relay.md).
///   client: Hello once, then Want after Want, or Yield; server: messages with a header, Data followed by its
///   bytes.
inline constexpr std::size_t kTokenBytes = 64;   ///< hex text
inline constexpr std::size_t kContentBytes = 64; ///< hex text: the image's content id
inline constexpr std::size_t kHelloBytes = 8 + kTokenBytes + kContentBytes;
inline constexpr std::size_t kWantBytes = 16;
inline constexpr std::size_t kHeaderBytes = 20;
inline constexpr std::size_t kLongestChunk = std::size_t{256} * 1024;

struct RelayHello {
    std::string token;
    std::string contentId;
};

/// Blocks [first, first + count), without those that are holes, from byte @ref from of the first's frame on.
struct RelayWant {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t from = 0;
};

/// From a node whose disk is slow: other nodes come first. As long as a want, with none of its fields.
std::array<std::byte, kWantBytes> encodeYield();
bool isYield(std::span<const std::byte> bytes);

enum class RelayMessage : std::uint8_t {
    Data = 1,    ///< @ref RelayHeader::length bytes of a frame follow
    Wait = 2,    ///< alive, but the block is not here yet
    Retract = 3, ///< the block was passed on before it failed verification; a new want brings it again
    Bye = 4      ///< go elsewhere; @ref RelayHeader::flags is a RelayBye
};

enum class RelayBye : std::uint8_t {
    Refused = 1, ///< the token is not this copy's
    Slow = 2,    ///< this node's disk does not keep up
    Ending = 3,
    Full = 4, ///< serves as many as it may
    Gone = 5  ///< the block is neither in memory nor on the disk any more
};
const char* toText(RelayBye why) noexcept;

struct RelayHeader {
    static constexpr std::uint8_t kOriginal = 1; ///< Data: the bytes of the image's own .zst file
    static constexpr std::uint8_t kStarved = 2;  ///< Data: all that is here; more when it arrives
    RelayMessage type = RelayMessage::Wait;
    std::uint8_t flags = 0;
    std::uint32_t block = 0;
    std::uint32_t frameLength = 0;
    std::uint32_t offset = 0; ///< in the frame; 0 begins it, or begins it again
    std::uint32_t length = 0;
};

std::array<std::byte, kHelloBytes> encode(const RelayHello& hello);
std::array<std::byte, kWantBytes> encode(const RelayWant& want);
std::array<std::byte, kHeaderBytes> encode(const RelayHeader& header);
/// Nothing where the bytes are no such message.
std::optional<RelayHello> helloFrom(std::span<const std::byte> bytes);
std::optional<RelayWant> wantFrom(std::span<const std::byte> bytes);
std::optional<RelayHeader> headerFrom(std::span<const std::byte> bytes);

} // namespace bm::agent

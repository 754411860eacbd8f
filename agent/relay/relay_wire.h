#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace bm::agent {

/// The protocol between two agents over TCP during a copy (docs/relay.md). All numbers are little endian.
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

/// Blocks [first, first + count), without holes, from byte @ref from of the first frame on.
struct RelayWant {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t from = 0;
};

/// Sent by a node whose disk is slow: other nodes have priority. As long as a Want, with no fields.
std::array<std::byte, kWantBytes> encodeYield();
bool isYield(std::span<const std::byte> bytes);

enum class RelayMessage : std::uint8_t {
    Data = 1,    ///< @ref RelayHeader::length bytes of a frame follow
    Wait = 2,    ///< heartbeat: the block has not arrived yet
    Retract = 3, ///< the forwarded block failed verification; the node may request it again
    Bye = 4      ///< use another source; @ref RelayHeader::flags is a RelayBye
};

enum class RelayBye : std::uint8_t {
    Refused = 1, ///< the token is not this copy's
    Slow = 2,    ///< this node's disk is too slow
    Ending = 3,
    Full = 4, ///< has its maximum of connections
    Gone = 5  ///< neither the memory nor the disk has the block any more
};
const char* toText(RelayBye why) noexcept;

struct RelayHeader {
    static constexpr std::uint8_t kOriginal = 1; ///< Data: the bytes of the image's own .zst file
    static constexpr std::uint8_t kStarved = 2;  ///< Data: all available bytes; more will follow
    static constexpr std::uint8_t kVerified = 4; ///< Data: the sender has verified the whole frame
    RelayMessage type = RelayMessage::Wait;
    std::uint8_t flags = 0;
    std::uint32_t block = 0;
    std::uint32_t frameLength = 0;
    std::uint32_t offset = 0; ///< offset in the frame; 0 starts it, or restarts it
    std::uint32_t length = 0;
};

std::array<std::byte, kHelloBytes> encode(const RelayHello& hello);
std::array<std::byte, kWantBytes> encode(const RelayWant& want);
std::array<std::byte, kHeaderBytes> encode(const RelayHeader& header);
/// @return nothing for other bytes
std::optional<RelayHello> helloFrom(std::span<const std::byte> bytes);
std::optional<RelayWant> wantFrom(std::span<const std::byte> bytes);
std::optional<RelayHeader> headerFrom(std::span<const std::byte> bytes);

} // namespace bm::agent

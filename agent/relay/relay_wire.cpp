#include "agent/relay/relay_wire.h"

#include "agent/frames/frame_store.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace bm::agent {
namespace {

constexpr std::string_view kMagic = "BMRELAY1";
constexpr std::byte kWantType{1};
constexpr std::byte kYieldType{2};

void put32(std::byte* at, std::uint32_t value)
{
    for (unsigned i = 0; i < 4; ++i)
        at[i] = static_cast<std::byte>(value >> (8 * i));
}

std::uint32_t get32(const std::byte* at)
{
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
        value |= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
    return value;
}

std::string textOf(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

const char* toText(RelayBye why) noexcept
{
    switch (why) {
    case RelayBye::Refused:
        return "refused the token";
    case RelayBye::Slow:
        return "its disk is slow";
    case RelayBye::Ending:
        return "it is ending";
    case RelayBye::Full:
        return "it serves as many as it may";
    case RelayBye::Gone:
        return "it lost the block";
    }
    return "said goodbye";
}

std::array<std::byte, kHelloBytes> encode(const RelayHello& hello)
{
    std::array<std::byte, kHelloBytes> out{};
    std::memcpy(out.data(), kMagic.data(), kMagic.size());
    std::memcpy(out.data() + 8, hello.token.data(), std::min(hello.token.size(), kTokenBytes));
    std::memcpy(out.data() + 8 + kTokenBytes, hello.contentId.data(),
                std::min(hello.contentId.size(), kContentBytes));
    return out;
}

std::array<std::byte, kWantBytes> encode(const RelayWant& want)
{
    std::array<std::byte, kWantBytes> out{};
    out[0] = kWantType;
    put32(out.data() + 4, want.first);
    put32(out.data() + 8, want.count);
    put32(out.data() + 12, want.from);
    return out;
}

std::array<std::byte, kWantBytes> encodeYield()
{
    std::array<std::byte, kWantBytes> out{};
    out[0] = kYieldType;
    return out;
}

bool isYield(std::span<const std::byte> bytes)
{
    return bytes.size() == kWantBytes && bytes[0] == kYieldType;
}

std::array<std::byte, kHeaderBytes> encode(const RelayHeader& header)
{
    std::array<std::byte, kHeaderBytes> out{};
    out[0] = static_cast<std::byte>(header.type);
    out[1] = static_cast<std::byte>(header.flags);
    put32(out.data() + 4, header.block);
    put32(out.data() + 8, header.frameLength);
    put32(out.data() + 12, header.offset);
    put32(out.data() + 16, header.length);
    return out;
}

std::optional<RelayHello> helloFrom(std::span<const std::byte> bytes)
{
    if (bytes.size() != kHelloBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
        return std::nullopt;
    return RelayHello{textOf(bytes.subspan(8, kTokenBytes)), textOf(bytes.subspan(8 + kTokenBytes))};
}

std::optional<RelayWant> wantFrom(std::span<const std::byte> bytes)
{
    if (bytes.size() != kWantBytes || bytes[0] != kWantType)
        return std::nullopt;
    return RelayWant{get32(bytes.data() + 4), get32(bytes.data() + 8), get32(bytes.data() + 12)};
}

std::optional<RelayHeader> headerFrom(std::span<const std::byte> bytes)
{
    if (bytes.size() != kHeaderBytes)
        return std::nullopt;
    const auto type = std::to_integer<std::uint8_t>(bytes[0]);
    if (type < 1 || type > 4)
        return std::nullopt;
    RelayHeader header{static_cast<RelayMessage>(type), std::to_integer<std::uint8_t>(bytes[1]),
                       get32(bytes.data() + 4),         get32(bytes.data() + 8),
                       get32(bytes.data() + 12),        get32(bytes.data() + 16)};
    const bool data = header.type == RelayMessage::Data;
    if (data && (header.length == 0 || header.length > kLongestChunk || header.frameLength > kLongestFrame ||
                 header.offset > header.frameLength || header.length > header.frameLength - header.offset))
        return std::nullopt;
    if (!data && header.length != 0)
        return std::nullopt;
    return header;
}

} // namespace bm::agent

#pragma once
#include "common/http/head.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace bm::http {

/// Takes the body of one request out of a connection's bytes, however they are cut: a body of a declared
/// length, a chunked one (RFC 9112 7.1), or none. No I/O; not thread-safe.
class BodyDecoder {
public:
    explicit BodyDecoder(const Head& head);
    /// Moves up to @p limit bytes of the body from the front of @p input to the end of @p body, and removes
    /// the framing before and behind them. Bytes after the body stay. @return bytes moved
    /// @throws Error InvalidInput: malformed chunks
    std::size_t take(std::string& input, std::string& body, std::size_t limit);
    /// True if take() has seen the end of the body.
    bool done() const { return expected_ == Expected::Nothing; }
    /// Bytes until the end of a body of declared length; nothing when it is chunked.
    std::optional<std::uint64_t> left() const { return chunked_ ? std::nullopt : std::optional(left_); }

private:
    enum class Expected { ChunkSize, Data, ChunkEnd, Trailer, Nothing };
    void takeLine(const std::string& line);
    void takeSize(const std::string& line);

    bool chunked_;
    Expected expected_;
    std::uint64_t left_; ///< of the body, or of the current chunk
    int trailers_ = 0;
};

} // namespace bm::http

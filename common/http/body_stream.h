#pragma once
#include "common/http/connection.h"
#include "common/http/head.h"

#include <array>
#include <istream>
#include <streambuf>
#include <string>
#include <vector>

namespace bm::http {

/// The body of one request as it arrives: of a declared length, chunked, or none. Answers "100 Continue" on
/// the first read of a client that waits for it. @throws (from reads) Error Unavailable: broken off;
/// InvalidInput: broken chunks
class BodyBuffer final : public std::streambuf {
public:
    BodyBuffer(Connection& connection, const Head& head, Pace pace);
    /// Takes what is left if that is little and already here; never waits. @return whether the next request
    /// may follow on the connection
    bool drain(std::size_t limitBytes);

protected:
    int_type underflow() override;

private:
    std::size_t receive(std::span<char> buffer);
    std::size_t fetch(std::size_t limit);
    std::size_t fetchChunk();
    std::string line();
    void needInput();
    void skipTrailers();
    [[noreturn]] void brokenOff();

    Connection& connection_;
    Pace pace_;
    bool chunked_;
    bool expectsContinue_;
    bool finished_ = false;
    bool failed_ = false;
    bool patient_ = true;
    bool insideChunks_ = false;
    std::uint64_t left_ = 0; ///< of the body, or of the current chunk
    std::uint64_t received_ = 0;
    std::vector<char> buffer_;
};

/// A stream over it that lets its errors through.
class BodyStream final : public std::istream {
public:
    explicit BodyStream(BodyBuffer& buffer) : std::istream(&buffer) { exceptions(std::ios::badbit); }
};

} // namespace bm::http

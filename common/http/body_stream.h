#pragma once
#include "common/http/connection.h"
#include "common/http/head.h"

#include <array>
#include <istream>
#include <streambuf>
#include <string>
#include <vector>

namespace bm::http {

/// The body of one request as it arrives: of a declared length, chunked, or none. Answers "100 Continue" at
/// the first read when the client waits for it. Reads throw Error Unavailable (connection lost) or
/// InvalidInput (malformed chunks).
class BodyBuffer final : public std::streambuf {
public:
    BodyBuffer(Connection& connection, const Head& head, Pace pace);
    /// Discards the rest of the body where it is short and has arrived; never waits. @return true if the next
    /// request may follow on the connection
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

/// A stream of the buffer that passes its errors on.
class BodyStream final : public std::istream {
public:
    explicit BodyStream(BodyBuffer& buffer) : std::istream(&buffer) { exceptions(std::ios::badbit); }
};

} // namespace bm::http

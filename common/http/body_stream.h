#pragma once
#include "common/http/connection.h"
#include "common/http/incoming.h"

#include <istream>
#include <streambuf>
#include <string>

namespace bm::http {

/// The body of one request: the received part, then the rest from the socket as it arrives. Answers "100
/// Continue" at the first read when the client waits for it. Reads throw Error Unavailable (connection lost),
/// DeadlineExceeded (client too slow) or InvalidInput (malformed chunks).
class BodyBuffer final : public std::streambuf {
public:
    BodyBuffer(Connection& connection, IncomingRequest& request, Pace pace);
    /// Discards the rest of the body where it is short and has arrived; never waits. @return true if the next
    /// request may follow on the connection
    bool drain(std::size_t limitBytes);

protected:
    int_type underflow() override;

private:
    bool fetch();
    void needInput();
    [[noreturn]] void brokenOff();

    Connection& connection_;
    IncomingRequest& request_;
    Pace pace_;
    bool begun_ = false;
    bool failed_ = false;
    bool patient_ = true;
    std::uint64_t received_;
    std::string piece_{};
};

/// A stream of the buffer that passes its errors on.
class BodyStream final : public std::istream {
public:
    explicit BodyStream(BodyBuffer& buffer) : std::istream(&buffer) { exceptions(std::ios::badbit); }
};

} // namespace bm::http

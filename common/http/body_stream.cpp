#include "common/http/body_stream.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kPiece = std::size_t{64} * 1024;
constexpr std::size_t kLineLimit = 4096;
constexpr int kTrailerLimit = 32;

[[noreturn]] void badChunk()
{
    throw Error(ErrorCode::InvalidInput, "the body's chunks are malformed");
}

} // namespace

BodyBuffer::BodyBuffer(Connection& connection, const Head& head, Pace pace)
    : connection_(connection), pace_(pace), chunked_(head.chunked), expectsContinue_(head.expectsContinue),
      finished_(!head.chunked && head.contentLength.value_or(0) == 0), left_(head.contentLength.value_or(0))
{}

void BodyBuffer::brokenOff()
{
    if (pace_.left().count() <= 0)
        throw Error(ErrorCode::DeadlineExceeded,
                    fmt::format("the client sent too slowly after {} bytes", received_));
    throw Error(ErrorCode::Unavailable, fmt::format("the client broke off after {} bytes", received_));
}

std::size_t BodyBuffer::receive(std::span<char> buffer)
{
    return patient_ ? connection_.readBlocking(buffer, pace_) : connection_.read(buffer).count;
}

/// Fills the get area with up to @p limit bytes of the connection's input or of the socket.
std::size_t BodyBuffer::fetch(std::size_t limit)
{
    buffer_.resize(kPiece);
    std::string& input = connection_.input;
    std::size_t count = std::min({limit, kPiece, input.size()});
    if (count != 0) {
        std::copy_n(input.begin(), count, buffer_.begin());
        input.erase(0, count);
    } else {
        count = receive(std::span(buffer_.data(), std::min(limit, kPiece)));
    }
    if (count == 0)
        brokenOff();
    received_ += count;
    left_ -= count;
    setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
    return count;
}

void BodyBuffer::needInput()
{
    std::array<char, kLineLimit> piece{};
    const std::size_t count = receive(piece);
    if (count == 0)
        brokenOff();
    connection_.input.append(piece.data(), count);
}

std::string BodyBuffer::line()
{
    std::string& input = connection_.input;
    std::size_t end = input.find('\n');
    while (end == std::string::npos) {
        if (input.size() > kLineLimit)
            badChunk();
        needInput();
        end = input.find('\n');
    }
    std::string text = input.substr(0, end);
    input.erase(0, end + 1);
    if (text.ends_with('\r'))
        text.pop_back();
    return text;
}

void BodyBuffer::skipTrailers()
{
    for (int i = 0; !line().empty(); ++i)
        if (i == kTrailerLimit)
            badChunk();
}

std::size_t BodyBuffer::fetchChunk()
{
    if (left_ == 0) {
        if (insideChunks_ && !line().empty())
            badChunk();
        insideChunks_ = true;
        const std::string size = line();
        std::string_view rest = size;
        const std::optional<std::uint64_t> number = text::takeNumber<std::uint64_t>(rest, 16);
        if (!number || (!rest.empty() && rest.front() != ';' && rest.front() != ' '))
            badChunk();
        left_ = *number;
    }
    if (left_ != 0)
        return fetch(static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPiece)));
    skipTrailers();
    return 0;
}

BodyBuffer::int_type BodyBuffer::underflow()
{
    if (finished_)
        return traits_type::eof();
    if (expectsContinue_ && connection_.input.empty())
        connection_.writeBlocking("HTTP/1.1 100 Continue\r\n\r\n", pace_);
    expectsContinue_ = false;
    failed_ = true; // until the end of this call
    const std::size_t count =
        chunked_ ? fetchChunk() : fetch(static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPiece)));
    failed_ = false;
    finished_ = chunked_ ? count == 0 : left_ == 0;
    return count == 0 ? traits_type::eof() : traits_type::to_int_type(*gptr());
}

bool BodyBuffer::drain(std::size_t limitBytes)
{
    patient_ = false;
    try {
        setg(nullptr, nullptr, nullptr);
        if (failed_ || (!finished_ && (expectsContinue_ || (!chunked_ && left_ > limitBytes))))
            return false;
        for (std::size_t total = 0; !finished_ && total <= limitBytes;) {
            underflow();
            total += static_cast<std::size_t>(egptr() - gptr());
            setg(nullptr, nullptr, nullptr);
        }
        return finished_ && !connection_.broken;
    } catch (const Error&) {
        return false;
    }
}

} // namespace bm::http

#include "common/http/body_stream.h"

#include "common/model/error.h"

#include <array>
#include <fmt/format.h>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kPiece = std::size_t{64} * 1024;

} // namespace

BodyBuffer::BodyBuffer(Connection& connection, IncomingRequest& request, Pace pace)
    : connection_(connection), request_(request), pace_(pace), received_(request.body.size())
{}

void BodyBuffer::brokenOff()
{
    if (pace_.left().count() <= 0)
        throw Error(ErrorCode::DeadlineExceeded,
                    fmt::format("the client sent too slowly after {} bytes", received_));
    throw Error(ErrorCode::Unavailable, fmt::format("the client broke off after {} bytes", received_));
}

void BodyBuffer::needInput()
{
    std::array<char, kPiece> piece; // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
    const std::size_t count =
        patient_ ? connection_.readBlocking(piece, pace_) : connection_.read(piece).count;
    if (count == 0)
        brokenOff();
    connection_.input.append(piece.data(), count);
}

/// The next piece of the body. @return false at its end
bool BodyBuffer::fetch()
{
    if (!begun_) {
        begun_ = true;
        piece_ = std::move(request_.body);
        if (!piece_.empty())
            return true;
        if (request_.head.expectsContinue && connection_.input.empty() && !request_.admitted)
            connection_.writeSome("HTTP/1.1 100 Continue\r\n\r\n");
    }
    piece_.clear();
    while (!request_.whole()) {
        if (const std::size_t count = request_.decoder.take(connection_.input, piece_, kPiece)) {
            received_ += count;
            return true;
        }
        if (!request_.whole()) // the end of chunks brings no bytes of the body
            needInput();
    }
    return false;
}

BodyBuffer::int_type BodyBuffer::underflow()
{
    if (failed_)
        return traits_type::eof();
    failed_ = true; // until the end of this call
    const bool more = fetch();
    failed_ = false;
    setg(piece_.data(), piece_.data(), piece_.data() + piece_.size());
    return more ? traits_type::to_int_type(*gptr()) : traits_type::eof();
}

bool BodyBuffer::drain(std::size_t limitBytes)
{
    patient_ = false;
    try {
        const bool unread = request_.head.expectsContinue && !begun_ && !request_.admitted;
        if (failed_ || (!request_.whole() && (unread || request_.decoder.left().value_or(0) > limitBytes)))
            return false;
        for (std::size_t total = 0; !request_.whole() && total <= limitBytes; total += piece_.size())
            underflow();
        return request_.whole() && !connection_.broken;
    } catch (const Error&) {
        return false;
    }
}

} // namespace bm::http

#include "agent/relay/relay_child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace bm::agent {

using namespace std::chrono_literals;

namespace {

constexpr auto kHelloDeadline = 5s;
constexpr auto kLifeSign = 500ms;
constexpr auto kStuck = 60s; ///< a node that reads nothing for so long is disconnected
constexpr std::size_t kMostWants = 4096;
constexpr std::size_t kRememberedBlocks = 512;
constexpr std::size_t kSmallestChunk = std::size_t{32} * 1024; ///< smaller only at a frame's end

} // namespace

RelayChild::RelayChild(platform::Fd fd, std::string name, Clock::time_point now)
    : fd_(std::move(fd)), name_(std::move(name)), began_(now), lastSent_(now), lastMoved_(now)
{}

void RelayChild::receive(const Help& help)
{
    std::array<std::byte, 4096> piece{};
    for (int i = 0; i < 16 && !over_; ++i) { // the rest follows in the next pass, since other nodes wait
        const ssize_t count = ::recv(fd_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count <= 0) {
            over_ = true;
            return;
        }
        in_.insert(in_.end(), piece.begin(), piece.begin() + count);
        take(help);
    }
}

void RelayChild::take(const Help& help)
{
    if (!admitted_ && !closing_) {
        if (in_.size() < kHelloBytes)
            return;
        const std::optional<RelayHello> hello = helloFrom(std::span(in_).first(kHelloBytes));
        if (!hello) {
            over_ = true;
            return;
        }
        in_.erase(in_.begin(), in_.begin() + kHelloBytes);
        admitted_ = help.admit(*hello);
        if (!admitted_)
            bye(RelayBye::Refused);
    }
    if (closing_) {
        in_.clear();
        return;
    }
    std::size_t at = 0;
    for (; in_.size() - at >= kWantBytes; at += kWantBytes) {
        if (isYield(std::span(in_).subspan(at, kWantBytes))) {
            yields_ = true;
            continue;
        }
        const std::optional<RelayWant> want = wantFrom(std::span(in_).subspan(at, kWantBytes));
        if (!want || want->count == 0 || want->first >= help.blocks() ||
            want->count > help.blocks() - want->first || wants_.size() >= kMostWants) {
            over_ = true;
            return;
        }
        wants_.push_back(*want);
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
}

void RelayChild::bye(RelayBye why)
{
    if (closing_)
        return;
    const auto header =
        encode(RelayHeader{.type = RelayMessage::Bye, .flags = static_cast<std::uint8_t>(why)});
    head_.insert(head_.end(), header.begin(), header.end());
    if (!body_.empty())
        over_ = true; // no header fits into the middle of a chunk
    closing_ = true;
}

void RelayChild::retract(std::size_t block)
{
    if (closing_ || std::ranges::find(given_, block) == given_.end())
        return;
    std::erase(given_, block);
    if (body_.empty())
        sendRetract(block);
    else
        retracted_.push_back(block); // no header fits into the middle of a chunk
}

void RelayChild::retractUnverified(const Help& help)
{
    for (const std::size_t block : std::deque(given_))
        if (const FramePtr frame = help.find(block); frame && frame->state() != StoredFrame::State::Verified)
            retract(block);
}

void RelayChild::sendRetract(std::size_t block)
{
    const auto header =
        encode(RelayHeader{.type = RelayMessage::Retract, .block = static_cast<std::uint32_t>(block)});
    head_.insert(head_.end(), header.begin(), header.end());
}

/// @return true if all announced bytes are sent
bool RelayChild::flush(const Help& help, Clock::time_point now)
{
    while (!head_.empty() || !body_.empty()) {
        std::array<iovec, 2> parts{iovec{head_.data(), head_.size()},
                                   iovec{const_cast<std::byte*>(body_.data()), body_.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t count = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        blocked_ = count < 0 && errno == EAGAIN;
        if (blocked_)
            return false;
        if (count < 0) {
            over_ = true;
            return false;
        }
        lastSent_ = now;
        lastMoved_ = now;
        const std::size_t head = std::min(head_.size(), static_cast<std::size_t>(count));
        head_.erase(head_.begin(), head_.begin() + static_cast<std::ptrdiff_t>(head));
        const std::size_t body = static_cast<std::size_t>(count) - head;
        body_ = body_.subspan(body);
        help.served(body);
    }
    blocked_ = false;
    if (closing_)
        over_ = true;
    return !over_;
}

void RelayChild::finishFrame(const Help& help)
{
    const StoredFrame::State state = frame_->state();
    if (state == StoredFrame::State::Bad || (help.cautious() && state != StoredFrame::State::Verified))
        sendRetract(frame_->block());
    else
        given_.push_back(frame_->block());
    if (given_.size() > kRememberedBlocks)
        given_.pop_front();
    frame_.reset();
    sent_ = 0;
}

/// @return true if there is a frame to send from
bool RelayChild::nextFrame(const Help& help)
{
    if (frame_ && frame_->state() == StoredFrame::State::Bad) {
        sendRetract(frame_->block());
        frame_.reset();
    } else if (frame_ && frame_->state() == StoredFrame::State::Broken) {
        wants_.push_front(
            {static_cast<std::uint32_t>(frame_->block()), 1, 0}); // from its begin: the frame arrives again
        frame_.reset();
    }
    while (!frame_ && !wants_.empty()) {
        RelayWant& want = wants_.front();
        if (!help.isHole(want.first) && !takeFrame(want, help))
            return false;
        ++want.first;
        want.from = 0;
        if (--want.count == 0)
            wants_.pop_front();
    }
    return frame_ != nullptr;
}

/// Finds the first frame of @p want, or reports its loss to the node. @return false when the node must wait
/// or has left
bool RelayChild::takeFrame(const RelayWant& want, const Help& help)
{
    frame_ = help.find(want.first);
    if (frame_ && help.cautious() && frame_->state() != StoredFrame::State::Verified) {
        frame_.reset();
        return false;
    }
    if (frame_) {
        sent_ = frame_->original() && want.from < frame_->length() ? want.from : 0;
        return true;
    }
    if (help.lost(want.first)) {
        sendRetract(want.first);
        return true;
    }
    if (help.gone(want.first))
        bye(RelayBye::Gone);
    else
        help.fetch(want.first);
    return false;
}

/// Announces the new bytes of the frame. @return true if there were any
bool RelayChild::nextChunk()
{
    const std::size_t have = frame_->have();
    const bool whole = have == frame_->length();
    if (have <= sent_ || (!whole && have - sent_ < kSmallestChunk))
        return false;
    RelayHeader header{.type = RelayMessage::Data};
    header.block = static_cast<std::uint32_t>(frame_->block());
    header.frameLength = static_cast<std::uint32_t>(frame_->length());
    header.offset = static_cast<std::uint32_t>(sent_);
    header.length = static_cast<std::uint32_t>(std::min(have - sent_, kLongestChunk));
    if (frame_->original())
        header.flags |= RelayHeader::kOriginal;
    if (frame_->state() == StoredFrame::State::Verified)
        header.flags |= RelayHeader::kVerified;
    if (sent_ + header.length == have && !whole)
        header.flags |= RelayHeader::kStarved;
    body_ = frame_->bytes().subspan(sent_, header.length);
    sent_ += header.length;
    const auto bytes = encode(header);
    head_.insert(head_.end(), bytes.begin(), bytes.end());
    return true;
}

void RelayChild::send(const Help& help, Clock::time_point now)
{
    starving_ = held_ = false;
    while (!over_ && flush(help, now)) {
        if (!admitted_ || closing_)
            return;
        for (const std::size_t block : std::exchange(retracted_, {}))
            sendRetract(block);
        if (frame_ && sent_ == frame_->length() && frame_->state() != StoredFrame::State::Broken)
            finishFrame(help);
        if (nextFrame(help) && nextChunk())
            continue;
        if (!head_.empty())
            continue; // retractions
        starving_ = wantsBlocks();
        return;
    }
}

void RelayChild::hold(const Help& help, Clock::time_point now)
{
    starving_ = false;
    held_ = true;
    flush(help, now);
}

void RelayChild::tick(const Help& help, Clock::time_point now)
{
    if (!admitted_ && now - began_ > kHelloDeadline)
        over_ = true;
    if (blocked_ && now - lastMoved_ > kStuck)
        over_ = true;
    if (!starving_)
        lastMoved_ = std::max(lastMoved_, blocked_ ? lastMoved_ : now);
    if (over_ || !(starving_ || held_) || blocked_ || now - lastSent_ < kLifeSign)
        return;
    const auto header = encode(RelayHeader{.type = RelayMessage::Wait});
    head_.insert(head_.end(), header.begin(), header.end());
    flush(help, now);
}

} // namespace bm::agent

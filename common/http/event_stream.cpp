#include "common/http/event_stream.h"

#include <fmt/format.h>

namespace bm::http {

EventStream::EventStream(StreamSettings settings, bool chunked, std::string unsent)
    : settings_(std::move(settings)), chunked_(chunked), buffer_(std::move(unsent))
{}

bool EventStream::write(std::string_view bytes)
{
    const std::lock_guard lock(mutex_);
    if (closed_ || over_ || bytes.empty())
        return !closed_ && !over_;
    // An empty buffer takes a piece larger than the buffer: no write could send it otherwise.
    if (!buffer_.empty() && buffer_.size() + bytes.size() > settings_.bufferBytes) {
        refused_ = true;
        return false;
    }
    addLocked(bytes);
    if (wake_)
        wake_();
    return true;
}

void EventStream::close()
{
    const std::lock_guard lock(mutex_);
    if (closed_ || over_)
        return;
    closed_ = true;
    if (chunked_)
        buffer_ += "0\r\n\r\n";
    if (wake_)
        wake_();
}

bool EventStream::hasRoom() const
{
    const std::lock_guard lock(mutex_);
    return !refused_;
}

bool EventStream::isOpen() const
{
    const std::lock_guard lock(mutex_);
    return !closed_ && !over_;
}

void EventStream::attach(std::function<void()> wake)
{
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

void EventStream::detach()
{
    const std::lock_guard lock(mutex_);
    over_ = true;
    wake_ = nullptr;
    buffer_.clear();
}

void EventStream::addLocked(std::string_view bytes)
{
    if (chunked_)
        buffer_ += fmt::format("{:x}\r\n", bytes.size());
    buffer_ += bytes;
    if (chunked_)
        buffer_ += "\r\n";
}

} // namespace bm::http

#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bm::http {

/// Whether a peer moves bytes fast enough: in each window of waiting it must move rate * window bytes. Time
/// in which we do not wait for the peer does not count.
class Pace {
public:
    Pace(std::uint64_t bytesPerSecond, std::chrono::milliseconds window)
        : need_(
              std::max<std::uint64_t>(1, bytesPerSecond * static_cast<std::uint64_t>(window.count()) / 1000)),
          window_(window), left_(window)
    {}
    void moved(std::uint64_t bytes)
    {
        bytes_ += bytes;
        if (bytes_ >= need_) {
            bytes_ = 0;
            left_ = window_;
        }
    }
    void waited(std::chrono::microseconds span) { left_ -= span; }
    /// How long it may be waited for; zero or less: too slow.
    std::chrono::milliseconds left() const { return std::chrono::ceil<std::chrono::milliseconds>(left_); }

private:
    std::uint64_t need_;
    std::chrono::microseconds window_;
    std::chrono::microseconds left_;
    std::uint64_t bytes_ = 0;
};

} // namespace bm::http

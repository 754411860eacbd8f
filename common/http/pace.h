#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bm::http {

/// Measures if a peer moves bytes fast enough: rate * window bytes in each window of waiting. Only time in
/// which bmd waits for the peer counts.
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
    /// How long the caller may wait for the peer; zero or less: the peer is too slow.
    std::chrono::milliseconds left() const { return std::chrono::ceil<std::chrono::milliseconds>(left_); }

private:
    std::uint64_t need_;
    std::chrono::microseconds window_;
    std::chrono::microseconds left_;
    std::uint64_t bytes_ = 0;
};

} // namespace bm::http

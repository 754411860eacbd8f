#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace bm::cli {

/// A terminal that is drawn whole again and again. While it lives the terminal shows its second screen and
/// keys are not echoed; at its end, or at Ctrl-C, all is as before. One at a time.
class Screen {
public:
    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    std::size_t width() const;
    std::size_t height() const;
    void draw(const std::vector<std::string>& lines) const;
    /// Waits for @p span, a key or a new size. @return false when the operator wants to leave (q, Ctrl-C)
    bool wait(std::chrono::milliseconds span) const;

private:
    struct Saved;
    std::unique_ptr<Saved> saved_;
};

} // namespace bm::cli

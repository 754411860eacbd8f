#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace bm::cli {

/// A full-screen view of the terminal: the alternate screen, without echo of keys. The destructor and Ctrl-C
/// restore the terminal. One instance at a time.
class Screen {
public:
    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    std::size_t width() const;
    std::size_t height() const;
    void draw(const std::vector<std::string>& lines) const;
    /// Waits for @p span, a key or a resize. @return false when the operator quits (q, Ctrl-C)
    bool wait(std::chrono::milliseconds span) const;

private:
    struct Saved;
    std::unique_ptr<Saved> saved_;
};

} // namespace bm::cli

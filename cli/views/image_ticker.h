#pragma once
#include "cli/views/output.h"
#include "cli/views/terminal.h"

#include <cstdint>
#include <fmt/format.h>
#include <iostream>
#include <string>
#include <unistd.h>

namespace bm::cli {

/// Progress of an image. A terminal overwrites one line; elsewhere a line is printed for each phase.
class ImageTicker {
public:
    ImageTicker() = default;
    ImageTicker(const ImageTicker&) = delete;
    ImageTicker& operator=(const ImageTicker&) = delete;
    void show(const std::string& phase, std::uint64_t done, std::uint64_t total)
    {
        if (terminal_)
            std::cerr << Control{"\r"} << line(phase, done, total) << Control{"\033[K"} << std::flush;
        else if (phase != phase_)
            std::cerr << phase << "\n";
        phase_ = phase;
    }
    ~ImageTicker()
    {
        if (terminal_ && !phase_.empty())
            std::cerr << Control{"\r\033[K"} << std::flush;
    }

private:
    /// "importing  [#####.....]  50 %  1.0 GiB"; without a bar when @p total is 0 (unknown).
    static std::string line(const std::string& phase, std::uint64_t done, std::uint64_t total)
    {
        constexpr std::size_t kWidth = 24;
        const std::string bytes = humanBytes(static_cast<double>(done));
        if (total == 0)
            return fmt::format("{:<10} {}", phase, bytes);
        const std::uint64_t shown = std::min(done, total);
        const auto full =
            static_cast<std::size_t>(static_cast<double>(shown) / static_cast<double>(total) * kWidth);
        return fmt::format("{:<10} [{}{}] {:>3} %  {}", phase, std::string(full, '#'),
                           std::string(kWidth - full, '.'), shown * 100 / total, bytes);
    }

    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    std::string phase_;
};

} // namespace bm::cli

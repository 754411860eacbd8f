#pragma once
#include "images/base/convert_exit.h"

#include <stdexcept>
#include <string>

namespace bm::images {

/// Why an archive is not taken: how bm-convert ends, and the text for its stderr.
class Refusal : public std::runtime_error {
public:
    Refusal(ConvertExit exit, const std::string& text) : std::runtime_error(text), exit_(exit) {}
    ConvertExit exit() const noexcept { return exit_; }

private:
    ConvertExit exit_;
};

} // namespace bm::images

#pragma once
#include "images/base/convert_exit.h"

#include <stdexcept>
#include <string>

namespace bm::images {

/// The reason for refusing an archive: the exit code of bm-convert and the text for stderr.
class Refusal : public std::runtime_error {
public:
    Refusal(ConvertExit exit, const std::string& text) : std::runtime_error(text), exit_(exit) {}
    ConvertExit exit() const noexcept { return exit_; }

private:
    ConvertExit exit_;
};

} // namespace bm::images

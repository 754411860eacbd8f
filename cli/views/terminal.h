#pragma once
#include "common/text/terminal.h"

namespace bm::cli {

using text::Control;
using text::SafeOutput;
using text::TerminalFilter;

} // namespace bm::cli

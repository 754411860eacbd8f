#pragma once

namespace bm::bmd {

/// Parses bmd's arguments and runs. @return the exit code: 0 stopped by a signal, 1 failed, 2 wrong usage or
/// configuration
int runBmd(int argc, char** argv);

} // namespace bm::bmd

#pragma once

namespace bm::bmd {

/// Parses bmd's arguments and runs. @return the exit code: 0 after a signal, 1 on failure, 2 for wrong usage
/// or configuration
int runBmd(int argc, char** argv);

} // namespace bm::bmd

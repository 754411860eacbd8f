// Further headers of the unit tests.
#pragma once
#include "cmake/precompiled/common.h"

#include <catch2/catch.hpp>

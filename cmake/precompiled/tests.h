// What the unit tests include beside.
#pragma once
#include "cmake/precompiled/common.h"

#include <catch2/catch.hpp>

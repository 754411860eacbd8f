// What the unit tests include beside.
#pragma once
#include "common.h"

#include <catch2/catch.hpp>

#pragma once
#include "common/model/error.h"

#include <catch2/catch.hpp>
#include <stdexcept>

namespace bm::test {

/// The code of the Error that @p action throws; the administrator gets a hint with it.
template <class Action> model::ErrorCode refusalOf(const Action& action)
{
    try {
        action();
    } catch (const model::Error& error) {
        INFO(error.what());
        CHECK_FALSE(error.hint().empty());
        return error.code();
    }
    throw std::logic_error("an error was expected, and none came");
}

} // namespace bm::test

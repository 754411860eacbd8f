#pragma once
#include "common/model/error.h"

#include <stdexcept>

namespace bm::test {

template <class Action> model::Error errorOf(const Action& action)
{
    try {
        action();
    } catch (const model::Error& error) {
        return error;
    }
    throw std::logic_error("an error was expected, and none came");
}

} // namespace bm::test

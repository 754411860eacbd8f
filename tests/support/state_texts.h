#pragma once
#include "common/model/states.h"

#include <catch2/catch.hpp>
#include <string>

/// Catch prints states and events by their texts. Every test that compares them includes this first, as
/// world.h does.
namespace Catch {
template <> struct StringMaker<bm::model::State> {
    static std::string convert(bm::model::State state) { return std::string(bm::model::toText(state)); }
};
template <> struct StringMaker<bm::model::StateEvent> {
    static std::string convert(bm::model::StateEvent event) { return std::string(bm::model::toText(event)); }
};
} // namespace Catch

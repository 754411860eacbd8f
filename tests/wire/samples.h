#pragma once
#include "tests/support/places.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace bm::test {

/// A recorded body of tests/data/ironic-1.82, keys in the order of the recording.
inline nlohmann::ordered_json sample(const std::string& name)
{
    std::ifstream file(bm::tests::dataFolder() + "/ironic-1.82/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return nlohmann::ordered_json::parse(text.str());
}

template <class Json> std::vector<std::string> keysOf(const Json& object)
{
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items())
        keys.push_back(key);
    return keys;
}

} // namespace bm::test

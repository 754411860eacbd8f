// Headers that most files of bm include, compiled once per preset. Only for speed: every file includes its
// own headers.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

// Instantiates nlohmann's code once in bm_json instead of in each object, which saves two thirds of its
// compile time.
namespace bm::precompiled {
using JsonText = nlohmann::detail::iterator_input_adapter<std::string::const_iterator>;
using JsonChars = nlohmann::detail::iterator_input_adapter<const char*>;
} // namespace bm::precompiled
extern template class nlohmann::basic_json<>;
extern template class nlohmann::detail::serializer<nlohmann::json>;
extern template class nlohmann::detail::lexer<nlohmann::json, bm::precompiled::JsonText>;
extern template class nlohmann::detail::lexer<nlohmann::json, bm::precompiled::JsonChars>;
extern template class nlohmann::detail::parser<nlohmann::json, bm::precompiled::JsonText>;
extern template class nlohmann::detail::parser<nlohmann::json, bm::precompiled::JsonChars>;

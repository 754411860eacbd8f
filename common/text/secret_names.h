#pragma once
#include <string_view>

namespace bm::model {

/// True if a key names a secret: *password*, *token*, *secret*, *kg_key* and the like. The only such rule:
/// the conductor seals the value of such a driver_info key, and answers and logs mask it.
bool namesSecret(std::string_view key);

} // namespace bm::model

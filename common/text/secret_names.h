#pragma once
#include <string_view>

namespace bm::model {

/// Whether a key names a secret: *password*, *token*, *secret*, *kg_key* and the like. The one rule: the
/// conductor seals what such a driver_info key holds, and answers and logs mask it.
bool namesSecret(std::string_view key);

} // namespace bm::model

// The instances of nlohmann's templates that common.h declares.
#include "cmake/precompiled/common.h"

template class nlohmann::basic_json<>;
template class nlohmann::detail::serializer<nlohmann::json>;
template class nlohmann::detail::lexer<nlohmann::json, bm::precompiled::JsonText>;
template class nlohmann::detail::lexer<nlohmann::json, bm::precompiled::JsonChars>;
template class nlohmann::detail::parser<nlohmann::json, bm::precompiled::JsonText>;
template class nlohmann::detail::parser<nlohmann::json, bm::precompiled::JsonChars>;

#pragma once
#include "api/access/policy.h"

namespace bm::api {

// Ironic's composite rules: the least role of the system, of the owner's project, of the lessee's project.
inline constexpr Access kSystemReader{Needs::Reader, Needs::Nobody, Needs::Nobody};
inline constexpr Access kSystemMember{Needs::Member, Needs::Nobody, Needs::Nobody};
inline constexpr Access kSystemAdmin{Needs::Admin, Needs::Nobody, Needs::Nobody};
inline constexpr Access kAnyReader{Needs::Reader, Needs::Reader, Needs::Reader};
inline constexpr Access kProjectReader{Needs::Reader, Needs::Reader, Needs::Reader};
inline constexpr Access kProjectMember{Needs::Member, Needs::Member, Needs::Member};
inline constexpr Access kOwnerReader{Needs::Reader, Needs::Reader, Needs::Nobody};
inline constexpr Access kOwnerMember{Needs::Member, Needs::Member, Needs::Nobody};
inline constexpr Access kOwnerMemberLesseeManager{Needs::Member, Needs::Member, Needs::Manager};
inline constexpr Access kOwnerManager{Needs::Member, Needs::Manager, Needs::Nobody};
inline constexpr Access kOwnerLesseeManager{Needs::Member, Needs::Manager, Needs::Manager};
inline constexpr Access kAdminOwnerManager{Needs::Admin, Needs::Manager, Needs::Nobody};
inline constexpr Access kTargetProperties{Needs::Reader, Needs::Admin, Needs::Admin};
inline constexpr Access kSelfOwned{Needs::Admin, Needs::Admin, Needs::Nobody};

} // namespace bm::api

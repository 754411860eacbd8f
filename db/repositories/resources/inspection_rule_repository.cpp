#include "db/repositories/resources/inspection_rule_repository.h"

namespace bm::db {

using model::InspectionRule;

const ResourceRepository<InspectionRule>& inspectionRuleRepository()
{
    static const Table<InspectionRule> table("inspection_rules",
                                             {
                                                 column<&InspectionRule::id>("uuid"),
                                                 column<&InspectionRule::description>("description"),
                                                 column<&InspectionRule::phase>("phase"),
                                                 column<&InspectionRule::priority>("priority"),
                                                 column<&InspectionRule::sensitive>("sensitive"),
                                                 column<&InspectionRule::conditions>("conditions"),
                                                 column<&InspectionRule::actions>("actions"),
                                                 column<&InspectionRule::createdAt>("created_at"),
                                                 column<&InspectionRule::updatedAt>("updated_at"),
                                             });
    static const ResourceRepository<InspectionRule> repository(table, "inspection rule");
    return repository;
}

} // namespace bm::db

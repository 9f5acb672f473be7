/* The sentences of wording.c. To say something of a new factor, adjustment or gate: a row here. */
#include <stddef.h>

#include "ctl/wording.h"

#define T(zh, en)                                                                                                      \
    {                                                                                                                  \
        { zh, en }                                                                                                     \
    }

const wording_factor wording_factors[] = {
    {"source_kind", 'A', T("来源渠道", "where it comes from"), T("来源不明", "not known"),
     T("来自群众反映（热线、信箱、镇街平台、拍照上报等）", "people report it (hotline, mailbox, town platform, photo)"),
     T("来自执法机关或其他国家机关", "an enforcement body or another state organ reports it"), T(NULL, NULL),
     T(NULL, NULL)},
    {"corroboration", 'A', T("有无佐证", "corroboration"),
     T("目前只有一个人或一个渠道反映", "one person or one channel so far"),
     T("有别的来源佐证", "another source says so"),
     T("有互不相干的人或渠道反映同一件事", "independent people or channels report the same matter"),
     T("有另一个人或另一个渠道反映同一件事", "another person or channel reports the same matter"), T(NULL, NULL)},
    {"domain_match", 'B', T("违法事实", "facts of a violation"),
     T("没有看到属于检察监督范围的具体事实", "no facts that the procuratorate supervises"),
     T("提到了可能属于检察监督范围的情形，但不够具体",
       "may speak of what the procuratorate supervises, not concretely"),
     T("具体行为和对象都写明了", "names the act and what it was done to"),
     T("写明谁对什么做了什么，例如“向河道倾倒垃圾”", "say who did what to what, e.g. “dumps waste into the river”"),
     T(NULL, NULL)},
    {"severity", 'B', T("严重程度", "how grave"), T("看不出严重程度", "nothing says how grave it is"),
     T("有损害，严重程度一般或已有数量可以衡量", "harm is there, or was measured"),
     T("涉及有毒、致病、伤亡、饮用水、未成年人等严重情形",
       "poison, illness, injury, drinking water, minors or the like"),
     T("查明面积、重量、金额、户数，以及是否有人受害",
       "find out area, weight, money, households, and whether anybody was hurt"),
     T("没有写明严重后果，按一般损害计分", "no grave consequence is named: counted as ordinary harm")},
    {"scope", 'B', T("影响范围", "how many it touches"), T("看不出影响到多少人", "nothing says how many"),
     T("影响到数人或数户", "several people or households"),
     T("影响十户以上，或一所学校、一个村（社区）", "ten households or more, a school, a village"),
     T("查明受影响的户数、人数", "find out how many households or people it touches"), T(NULL, NULL)},
    {"persistence", 'B', T("持续时间", "how long"), T("看不出持续了多久", "nothing says how long"),
     T("已经持续了一段时间", "has gone on for some time"), T("已经持续一年以上", "has gone on for a year or more"),
     T("查明从什么时候开始、是否一直存在", "find out since when, and whether it goes on"),
     T("没有写明持续多久，按最低计分", "it is not said how long: the least is counted")},
    {"agency_identified", 'C', T("责任单位", "whose duty it is"),
     T("看不出该由哪个单位管", "nothing says whose duty it is"),
     T("大致知道该由哪个单位管", "whose duty it is can be guessed"),
     T("知道该由哪个单位管", "it is known whose duty it is"), T("查明该由哪个单位管", "find out whose duty it is"),
     T(NULL, NULL)},
    {"handled_unsolved", 'C', T("处理过但没解决", "handled, not solved"),
     T("没有看到“处理过却没解决”的迹象", "no sign that it was handled and not solved"),
     T("有拖延、退单、推诿或没有解决的说法", "delay, sent back, passed on, or said not to be solved"),
     T("已办结、已处罚或已答复，问题却还在", "closed, punished or answered, and still there"),
     T("核实有关单位答复、办结或处罚以后，问题是否还在",
       "check whether it is still there after the agency answered, closed or punished"),
     T(NULL, NULL)},
    {"dissatisfaction", 'C', T("群众评价", "people's verdict"), T("没有不满意的评价", "nobody said to be dissatisfied"),
     T("评价一般，或话里表示不满", "half satisfied, or dissatisfied in words"),
     T("回访评价为不满意", "rated as dissatisfied"),
     T("回访反映人，记录其对处理结果是否满意", "ask the reporter whether the result satisfies"), T(NULL, NULL)},
    {"repetition", 'C', T("反复反映", "reported again and again"), T("目前是第一次反映", "the first report"),
     T("反映过不止一次", "reported more than once"),
     T("同一问题已反映多次（五次及以上或同等情形）", "reported many times (five or the like)"),
     T("查找同一问题以前的反映记录", "look for earlier reports of the same matter"), T(NULL, NULL)},
    {"location", 'D', T("地点", "where exactly"), T("看不出具体地点", "no place"),
     T("能定位到镇街或村（社区）", "the town or village is known"),
     T("有门牌、村组、楼栋或坐标，可以直接到现场", "house number, group, building or position: one can go there"),
     T("问清门牌、村组或现场位置", "ask for house number, villagers' group or position"), T(NULL, NULL)},
    {"subject", 'D', T("被反映对象", "who is complained of"),
     T("没有写明是哪个单位或个人", "no unit or person is named"), T("大致知道是谁", "can be guessed"),
     T("写明了单位或个人", "a unit or person is named"),
     T("问清被反映的单位或个人叫什么", "ask for the name of the unit or person"), T(NULL, NULL)},
    {"evidence", 'D', T("证据材料", "evidence"), T("没有照片、录音或书面材料", "no photo, recording or document"),
     T("有一些材料", "some material"), T("有照片、录音或书面材料", "photo, recording or document"),
     T("请反映人提供照片、录音、合同、单据等", "ask the reporter for photos, recordings, contracts, receipts"),
     T(NULL, NULL)},
    {"contact_time", 'D', T("能否联系、时间是否确切", "contact and time"),
     T("没有可联系的反映人，也没有确切时间", "no reachable reporter and no exact time"), T("有一样", "one of them"),
     T("反映人可以联系，或写明了确切时间", "the reporter can be reached, or an exact time is given"),
     T("问清发生的具体日期、时刻", "ask for the exact day and hour"), T(NULL, NULL)},
    {0},
};

const wording_named wording_adjustments[] = {
    {"spreading", T("损害正在扩大，应当从速", "the damage spreads: be quick"), T(NULL, NULL)},
    {"area_warning", T("所在区域已有预警", "its area is under a warning"), T(NULL, NULL)},
    {"private_dispute",
     T("主要是私人之间的纠纷，更适合调解", "mainly a dispute between private parties, better mediated"),
     T("查明损害的是公共利益，而不只是当事人自己的利益", "the public is harmed, not only the parties")},
    {"no_request",
     T("是咨询、建议或表扬，没有要求查处什么", "a question, a proposal or praise: nothing is to be looked into"),
     T("来信其实反映了具体问题", "the message does report something")},
    {"in_litigation",
     T("已经在诉讼、复议、仲裁中，或信访已经终结",
       "already in court, review or arbitration, or the petition has ended"),
     T("查明没有进入这些程序", "it is not in such a procedure")},
    {"learned", T("参考以往案例（机器学习）", "earlier cases (machine learning)"), T(NULL, NULL)},
    {0},
};

const wording_named wording_gates[] = {
    {"five_needs_match",
     T("违法事实还不够具体，所以最多四星", "the facts are not concrete enough, so four stars at most"),
     T("写明具体行为和对象", "name the act and what it was done to")},
    {"five_needs_failed_agency",
     T("还没有看到有关单位没有尽责（不满意、反复反映、处理后没解决），所以最多四星",
       "nothing yet says that the agency failed (dissatisfied, repeated, not solved), so four stars at most"),
     T("不满意的评价、多次反映、或处理后仍未解决的记录，有其一即可",
       "a dissatisfied verdict, repeated reports, or a record that it is not solved")},
    {"five_needs_checkability",
     T("可供核查的线索（地点、对象、证据）太少，所以最多四星",
       "too little to check (place, subject, evidence), so four stars at most"),
     T("补充地点、对象或证据", "add place, subject or evidence")},
    {"exploratory_domain",
     T("属于法律没有明确列举的领域，机器不给更高的星", "the law does not name this domain: the machine gives no more"),
     T("由检察官决定是否作为其他公益领域办理", "a prosecutor decides whether to take it on")},
    {"no_domain",
     T("没有看到属于检察监督范围的事实，所以最多二星",
       "no facts that the procuratorate supervises, so two stars at most"),
     T("属于检察监督范围的具体事实", "facts that the procuratorate supervises")},
    {0},
};

const wording_named wording_kinds[] = {
    {"consult", T("咨询", "a question"), T("想了解情况或政策", "wants to know something")},
    {"complaint", T("投诉", "a complaint"), T("对某事或某单位不满，要求解决", "wants something put right")},
    {"report", T("举报", "a report"),
     T("反映具体的违法或有害情形，要求查处", "reports a violation that is to be looked into")},
    {"help", T("求助", "a call for help"), T("请求帮助解决困难", "wants help")},
    {"suggest", T("建议", "a proposal"), T("提出改进意见", "proposes something")},
    {"praise", T("表扬", "praise"), T("表示感谢或表扬", "thanks somebody")},
    {0},
};

const wording_named wording_branches[] = {
    {"public_interest", T("公益诉讼检察", "public interest"), T(NULL, NULL)},
    {"administrative", T("行政检察", "administrative"), T(NULL, NULL)},
    {"civil", T("民事检察", "civil"), T(NULL, NULL)},
    {"criminal", T("刑事检察", "criminal"), T(NULL, NULL)},
    {"none", T("看不出属于哪一类检察监督", "no branch of supervision"), T(NULL, NULL)},
    {0},
};

const wording_named wording_notes[] = {
    {"reporters", T("反映人", "reporters"), T("人", "")},
    {"square_metres", T("面积", "area"), T("平方米", "m²")},
    {"tonnes", T("重量", "weight"), T("吨", "t")},
    {"metres", T("长度", "length"), T("米", "m")},
    {"households", T("涉及", "households"), T("户", "")},
    {"persons", T("涉及", "people"), T("人", "")},
    {"yuan", T("金额", "money"), T("元", "yuan")},
    {"days", T("持续", "days"), T("天", "")},
    {"repeat_count", T("近半年内同一问题的反映", "reports of the matter within half a year"), T("次", "")},
    {0},
};

const wording_named wording_records[] = {
    {"complaint", T("诉求", "complaint"), T(NULL, NULL)},
    {"enforcement", T("执法记录", "enforcement record"), T(NULL, NULL)},
    {"clue", T("线索", "clue"), T(NULL, NULL)},
    {"outcome", T("办理结果", "outcome"), T(NULL, NULL)},
    {"closed", T("已办结", "closed"), T(NULL, NULL)},
    {"reported", T("再次反映", "reported again"), T(NULL, NULL)},
    {"not_executed",
     T("已处罚，逾期未执行，也未申请法院强制执行", "punished, overdue, not carried out, not taken to court"),
     T(NULL, NULL)},
    {"penalty", T("已处罚", "punished"), T(NULL, NULL)},
    {"rectified", T("记录为已整改", "recorded as rectified"), T(NULL, NULL)},
    {"revoked", T("许可或处罚已被撤销", "licence or penalty revoked"), T(NULL, NULL)},
    {"other_town", T("在其他镇街", "in another town"), T(NULL, NULL)},
    {"mediated", T("已调解", "mediated"), T(NULL, NULL)},
    {"settled", T("已办结的监督案件", "a settled supervision case"), T(NULL, NULL)},
    {0},
};

const wording_text wording_stars[6] = {
    T("", ""),
    T("一般不属于检察监督，不推送", "hardly a matter of supervision; not pushed"),
    T("暂不推送，留着看以后有没有新的反映", "not pushed for now; kept in case more is reported"),
    T("值得推送给检察官看一看", "worth a prosecutor's look"),
    T("很可能值得监督，应当核查", "likely worth supervising: to be verified"),
    T("极可能值得监督，优先核查", "very likely worth supervising: to be verified first"),
};

const wording_text wording_groups[4] = {
    T("来源可靠吗", "is the source reliable"),
    T("公共利益受到多大损害", "how much is the public harmed"),
    T("有关单位尽责了吗", "did the agency do its duty"),
    T("好不好核查", "can it be checked"),
};

const wording_text wording_fields[8] = {
    T("", ""),
    T("标题", "title"),
    T("内容", "content"),
    T("分类", "categories"),
    T("地址", "address"),
    T("回访记录", "visit note"),
    T("单位答复", "the agency's reply"),
    T("办理状态", "status"),
};

// The interface's words: English. Keys answer zh-CN.ts one by one; a test holds them together.
import type { Messages } from '@/i18n'

const en: Messages = {
  app: { name: '微检治', slogan: 'Finds, among what citizens report, what is worth supervision', skip: 'Skip to content' },
  nav: { label: 'Main', desk: 'Desk', clues: 'Clues', review: 'Review', map: 'Map', stations: 'Stations', statistics: 'Statistics', feeds: 'Feeds', admin: 'Administration', more: 'More' },
  top: { search: 'Search clues', searchHint: 'Search clues: words or a clue number', lost: 'Live connection lost, reconnecting', menu: 'Menu of {name}', leave: 'Log out' },
  login: {
    title: 'Log in', login: 'Account', password: 'Password', enter: 'Log in', code: 'Six-digit code', totpLead: 'Enter the six digits that your authenticator shows.',
    enrolLead: 'This account needs an authenticator. Enter this key in the authenticator on your phone, then the six digits that it shows.', bind: 'Bind an authenticator', openAuthenticator: 'Open in the authenticator of this device',
    changeLead: 'This is the first login, or the password was reset: choose a new one first.', change: 'Change password', current: 'Current password', wanted: 'New password', repeat: 'New password again', differ: 'The two differ',
    passwordRule: 'At least 12 characters; no name, account or common word', startAgain: 'Use another account', watched: 'Every login and every look is recorded.',
  },
  common: {
    all: 'All', again: 'Try again', empty: 'Nothing here', loading: 'Loading', cancel: 'Cancel', save: 'Save', saved: 'Saved', done: 'Done', do: 'Go on', more: 'More', moreRows: 'Load more', rows: '{n} rows',
    none: '—', comma: ', ', yes: 'yes', no: 'no',
  },
  span: { minutes: '{n} min', hours: '{n} h', days: '{n} days' },
  deadline: { left: '{span} left', over: '{span} overdue' },
  keys: { title: 'Keyboard shortcuts', help: 'Show shortcuts', search: 'Search', next: 'Next', previous: 'Previous', open: 'Open', back: 'Back', nextPeriod: 'Next period', previousPeriod: 'Previous period', today: 'Today' },
  missing: { title: 'No such page', text: 'The address may be wrong, or the page has moved.', back: 'Back to the desk' },
  refused: { title: 'Not permitted', text: 'Your roles do not include this page. Ask the security administrator of your procuratorate if you need it.' },
  problem: {
    unreachable: 'The service cannot be reached. Check the network and try again.', page: 'The page failed. Reload it and try again.', other: 'The service gave no result ({status}).', atField: '{said} ({field})',
    status: {
      400: 'What was entered is not right.', 401: 'Your login has ended. Log in again.', 403: 'You may not do this.', 404: 'Not found, or not yours to see.', 409: 'Not possible in the present state; look at it as it is now.', 412: 'Somebody was quicker. This is how it stands now; look before you decide.',
      413: 'Too large.', 422: 'What was entered is not right.', 428: 'This page is out of date. Reload it.', 429: 'Too many requests. Wait a moment.', 500: 'The service failed; it has been recorded.', 502: 'The service is away. Try again later.', 503: 'The service is busy. Try again later.', 504: 'The service did not answer in time. Try again later.',
    },
    code: {
      login_failed: 'Wrong account or password, or the account is locked.', code_wrong: 'Wrong code. Use the digits shown now.', password_wrong: 'Wrong password.', password_weak: 'The new password is too weak: at least 12 characters; no name, account or common word.', not_logged_in: 'Your login has ended. Log in again.', login_unfinished: 'The login is not finished.',
      csrf: 'This page is out of date. Reload it.', cross_site: 'The request came from another site and was refused.', too_many: 'Too many requests. Wait a moment.', changed: 'Somebody was quicker. This is how it stands now; look before you decide.', if_match_missing: 'This page is out of date. Reload it.', key_reused: 'Sent twice with different content. Reload the page.', retry_later: 'The service is busy. Try again later.',
    },
  },
  reason: { label: 'Reason (required)', optional: 'Note (optional)' },
  once: { title: 'Shown only once', kept: 'I have kept it' },
  role: {
    prosecutor: 'prosecutor', station_staff: 'station staff', liaison: 'liaison', branch_head: 'branch head', chief_procurator: 'chief procurator', organ_administrator: 'organ administrator', system_administrator: 'system administrator', security_administrator: 'security administrator', audit_administrator: 'audit administrator', operator: 'operator',
  },
  desk: {
    morning: 'Good morning, {name}', noon: 'Good day, {name}', afternoon: 'Good afternoon, {name}', evening: 'Good evening, {name}', mine: 'My clues, by deadline', fresh: 'New clues to accept', duty: 'On duty today', agenda: 'Appointments and visits', notices: 'Notices',
    nothingMine: 'Nothing waits for you.', nothingNew: 'No new clue waits to be accepted.', noDuty: 'Nobody is on duty today.', noAgenda: 'No appointment or visit soon.', moreVisits: '{n} more visits', down: 'These services do not answer just now; what needs them must wait: {names}',
    count: { overdue: 'overdue', unaccepted: 'to accept', urgent: 'urgent', open: 'open', review: 'to review' },
  },
  notice: { inbox: 'Notices', unread: '{n} unread notices', none: 'No unread notice.', acknowledge: 'Acknowledge', acknowledged: 'Acknowledged', until: 'to be acknowledged by {at}' },
  stars: { label: '{n} stars', withIndex: '{n} stars, index {index}', own: 'own', choose: 'Stars', withdraw: 'Withdraw own stars' },
  state: { open: 'open', none: 'not assigned', assigned: 'to accept', accepted: 'accepted', verifying: 'verifying', returned: 'returned', transferred: 'transferred', escalated: 'escalated', closed: 'closed', withdrawn: 'withdrawn' },
  sort: { index: 'By index', newest: 'Newest first', due: 'Due first', oldest: 'Oldest first' },
  filter: {
    mine: 'Mine', urgent: 'Urgent', focus: 'Focus', mediation: 'Mediation', domain: 'Domain', branch: 'Branch', kind: 'Kind', organ: 'Procuratorate', town: 'Town', station: 'Station', prosecutor: 'Prosecutor', state: 'State', outcome: 'Outcome', subject: 'Unit complained of', feed: 'Feed', from: 'From', to: 'To', sort: 'Order',
    region: 'Region', report_region: 'County of the place', village: 'Village', place: 'Place names', consult: 'To be asked', stars: 'Stars',
    more: 'More filters', moreSet: 'More filters ({n})',
  },
  branch: { public_interest: 'public interest', administrative: 'administrative', civil: 'civil', criminal: 'criminal', none: 'nothing to supervise' },
  clues: {
    search: 'Search', searchHint: 'Full text, two characters or more; a space means and', quick: 'Quick filters', clear: 'Clear filters', export: 'Export CSV', news: 'There are changes: refresh', none: 'No clue fits.', noneHint: 'Loosen a filter, or', noneYet: 'Clues appear here when feeds have pushed complaints.', preview: 'Current clue', whole: 'Whole clue', moreComplaints: '{n} more complaints in the whole clue.',
  },
  searches: { title: 'Saved searches', save: 'Save this search', saved: 'Search saved', name: 'Name', forget: 'Delete search', forgetLead: 'Delete “{name}”?', forgetThis: 'Delete search “{name}”', digest: 'Digest', digest_none: 'No digest', digest_daily: 'Daily digest', digest_weekly: 'Weekly digest', leftOut: 'Not kept with the search: {names}' },
  clue: {
    title: 'Clue', back: '‹ Clues', untitled: '(no title)', urgent: 'urgent', focus: 'focus', confidential: 'confidential', mediation: 'mediation', complaints: '{n} complaints', complaintsBy: '{n} by {m} people', noTime: 'no time given', place: 'Place', reports: 'Complaints', period: 'Time', organ: 'Procuratorate', merged: 'Merged into another clue: look there',
    timeline: 'Complaints by time ({n})', similar: 'Similar clues and their outcomes', noSimilar: 'No similar clue was found.', alike: '{percent}% alike', history: 'History', bySystem: 'system', collisions: 'Collisions', route: 'Assignment', why: 'Why it is here', consult: '{organ} must be asked', recusal: '{name} asks for recusal ({procedure})', law: 'Law and duty holders', noLaw: 'No law or duty holder is registered for this domain.', agencies: 'Candidates', inForce: 'in force since {from}', open: 'Open the clue',
  },
  access: { title: 'Who may see it', add: 'Admit a person', none: 'Nobody else so far.', person: 'Person', lead: 'Only admitted people see a confidential clue. The reason is recorded.', granted: 'Admitted', revoked: 'No longer admitted', revoke: 'Remove' },
  card: { title: 'Why these stars', because: 'Mainly for: {reasons}', own: '{name} gave {n} stars: {reason}', unsure: 'The system is not sure; a person should judge.', show: 'Show in the text', pack: 'Rule pack {pack}' },
  part: { source: 'Source', public_harm: 'Public harm', performance: 'What the agency did', checkability: 'Can be checked', other: 'Other', adjust: 'Adjustments' },
  note: { reporters: '{value} people', households: '{value} households', persons: '{value} persons', days: 'for {value} days', yuan: '{value} yuan', square_metres: '{value} m²', tonnes: '{value} t', metres: '{value} m', times: '{value} times', repeat_count: '{value} times in 180 days', reason: '{value}' },
  complaint: {
    urge_count: 'urged {n} times', redispatch_count: 'redone {n} times', return_count: 'returned {n} times', delay_days: '{n} days late', photo_count: '{n} photos', unsolved: 'not solved', sameReporter: '{n} more by the same person', anonymous: 'anonymous', reply: '{unit} answered', someUnit: 'The agency', handler: 'Handled by {unit}', visitNote: 'Follow-up', reveal: 'Reveal the reporter', plain: 'Show unmasked text', show: 'Show', revealLead: 'Say why; it is recorded.', noReporter: 'The reporter left no data', picture: 'Photo {n}, {size}',
  },
  satisfaction: { not_rated: 'not rated', very_satisfied: 'very satisfied', satisfied: 'satisfied', basic: 'fairly satisfied', dissatisfied: 'dissatisfied', very_dissatisfied: 'very dissatisfied', unreachable: 'not reached' },
  complaintStatus: { received: 'received', dispatched: 'dispatched', signed: 'signed for', returned: 'returned', processing: 'in work', delayed: 'delayed', replied: 'answered', visited: 'followed up', redone: 'redone', closed: 'closed', cancelled: 'cancelled', reopened: 'reopened' },
  collisionRecord: { enforcement: 'enforcement record', complaint: 'complaint', outcome: 'outcome', clue: 'another clue' },
  collisionNote: { closed: 'said to be closed', reported: 'reported again', not_executed: 'penalty not carried out', rectified: 'said to be rectified', mediated: 'mediated before', town: 'another town' },
  collision: { closed_and_back: 'Closed, and back', penalty_not_executed: 'Penalty not carried out', same_subject_elsewhere: 'One unit in several towns', rectified_but_reported: 'Said to be rectified, still reported', recurrence: 'Back after it was settled' },
  procedure: { pil: 'public interest procedure', civil: 'civil procedure', criminal: 'criminal procedure' },
  event: {
    assigned: 'Assigned', accepted: 'Accepted', verifying: 'Verification begun', returned: 'Returned', transferred: 'Transferred', escalated: 'Escalated', closed: 'Closed', withdrawn: 'Withdrawn', merged: 'Merged', split: 'Split', undone: 'Undone', stars_overridden: 'Own stars', scored: 'Scored', revealed: 'Reporter revealed', recusal_declared: 'Recusal asked for', recusal_decided: 'Recusal decided', outcome: 'Outcome recorded', created: 'Formed',
  },
  act: {
    accept: 'Accept', verify: 'Begin verification', outcome: 'Record outcome', return: 'Return', transfer: 'Transfer', decide_recusal: 'Decide recusal', override_stars: 'Own stars', merge: 'Merge into another', split: 'Split', declare_recusal: 'Ask for recusal', reveal: 'Reveal reporter', undo: 'Undo', record: 'Record',
    acceptDone: 'Accepted', verifyDone: 'Verification begun', returnDone: 'Returned; it will be assigned anew', transferDone: 'Transferred', outcomeDone: 'Outcome recorded', recusalDone: 'Recusal asked for', recusalDecided: 'Recusal decided', starsDone: 'Stars saved', mergeDone: 'Merged', splitDone: 'Split', undoDone: 'Undone',
    returnLead: 'It will be assigned anew by the rules.', transferLead: 'To a prosecutor of this procuratorate, or to another procuratorate, which cannot send it back.', outcomeLead: 'The first outcome of this clue.', starsLead: 'The system gave {n} stars. Both stand side by side; the reason helps to improve scoring.', mergeLead: 'All complaints of this clue join another one. It can be undone.', splitLead: 'The {n} chosen complaints become a clue of their own. It can be undone.', splitHint: 'Choose the complaints that are about something else.', splitChosen: 'Take out {n}', recusalLead: 'In the public interest procedure work goes on until it is decided; in the civil one it stops. The chief procurator decides within three days.', decideLead: '{name} asks for recusal', undoLead: 'Back to how it was before the merge or split.',
    why: 'Why it is returned', outcomeKind: 'Outcome', procedure: 'Procedure', grant: 'Granted', deny: 'Refused', mergeInto: 'Merge into', mergeHint: 'The number of a clue, or the address of its page', chooseComplaint: 'Choose complaint {id}', transferKind: 'Transfer to', toColleague: 'a colleague', toOrgan: 'another procuratorate', colleague: 'Prosecutor', organ: 'Procuratorate', organHint: 'It cannot send it back, only report it up',
  },
  review: {
    lead: 'What the system is not sure of, people decide; no re-run undoes it.', repeats: 'Same matter?', clues: 'Doubtful scores', same: 'Same matter', different: 'Different matters', later: 'Later', joined: 'Joined into one clue', apart: 'Kept apart', noRepeats: 'No doubtful pair waits.', noClues: 'No clue waits for review.', signs: 'What speaks for and against', position: 'Pair {n} of {of}', decided: 'Review saved', confirm: 'Confirm stars', confirmLead: 'Confirm {n} stars for “{title}”; who disagrees opens the clue and gives own stars.',
  },
  doubt: { confidence: 'The system is not sure of the class', edge: 'The index is near the edge of a star', star: 'A person’s stars differ from the computed ones' },
  map: {
    title: 'Map of supervision', picture: 'Export image', print: 'Print', controls: 'Map settings', measure: 'Measure', period: 'Period', days: '{n} days', ranking: 'By town', unplaced: '{n} more without a town', warnings: 'Area warnings', noWarnings: 'No area warning.', rows: '{n} clues', look: 'Show on the map', nothing: 'none', atLeast: '{n} and more', nearer: 'Zoom in', farther: 'Zoom out', station: 'Station: {name}', cluster: '{n} clues, {stars} stars at most', play: 'Play', pause: 'Pause', until: 'Until', untilDay: 'until {day}', pictureTitle: '{measure}, {from} to {to}', noPoints: 'Points could not be read; move the map to try again.', noPicture: 'the image could not be made',
  },
  measure: { complaints: 'Complaints', clues: 'Clues', five_star: 'Five-star clues', open: 'Open clues', closed: 'Closed clues', dissatisfied: 'Dissatisfied', repeated: 'Repeated', warnings: 'Area warnings' },
  level: { 1: 'Level 1', 2: 'Level 2', 3: 'Level 3' },
  warning: { proposed: 'to be issued', issued: 'issued', acknowledged: 'acknowledged', cleared: 'cleared', do_issue: 'Issue', do_acknowledge: 'Acknowledge', do_clear: 'Clear', to: 'To {to}', department: 'Department', superior: 'Its superior', reason_clues: '{n} clues of 3★ and more in {days} days, {before} in the period before', reason_repeated: 'a five-star clue reported again and again; {n} in {days} days', reason_recurrence: 'back after a closed recommendation; {n} in {days} days' },
  stations: {
    book: 'Book an appointment', leave: 'Leave', plan: 'Plan the rota', view: 'View', week: 'Week', month: 'Month', all: 'All stations', everybody: 'Everybody', appointment: 'Appointment', visit: 'Visit', unmet: 'nobody', substitute: 'subst.', taken: '{n} booked', makeUp: ' (make-up day)', away: 'on leave: {names}', nothing: 'No shift in this period.', dutyOf: 'Turn of {name}', free: 'Nothing booked.', substituteDo: 'Substitute', substituted: 'Substituted; both are told', who: 'Who comes', confirm: 'Confirm', complete: 'Done', cancel: 'Cancel appointment', openVisits: 'Visits to answer ({n})',
    booked: 'Booked', noSlots: 'No free time soon.', slot: 'Choose a time', guestName: 'Name of the guest', guestPhone: 'Phone', topic: 'About', minutesLabel: 'Length', minutes: '{n} min', privacy: 'The guest’s data are encrypted and used for this appointment only.', leaveLead: 'Substitutes are found at once.', leaveTo: 'To (inclusive)', leaveDone: 'Substitutes', noShifts: 'No duty falls into the leave.', planLead: 'From the weekly duties; what a person arranged stays.', planned: '{made} made, {kept} kept, {removed} removed.', list: 'Stations', everyWeeks: 'every {n} weeks', staff: 'Staff: {names}', onlyThis: 'Only this one',
  },
  stationKind: { village: 'village', community: 'community', park: 'park', mobile: 'mobile' },
  shift: { planned: 'planned', unmet: 'nobody', cancelled: 'cancelled' },
  appointment: { held: 'to confirm', confirmed: 'confirmed', cancelled: 'cancelled', expired: 'expired', completed: 'done', no_show: 'did not come' },
  visit: { proposed: 'to answer', accepted: 'accepted', waiting: 'waiting', withdrawn: 'withdrawn', accept: 'Accept', decline: 'Decline', acceptDone: 'Visit accepted', declineDone: 'Declined; another time is proposed', declineLead: 'The next free hour will be proposed.' },
  feeds: {
    lead: 'Those with gaps, refusals or silence come first.', imports: 'File imports', make: 'New feed', change: 'Change', none: 'No feed so far.', health: 'Health', last: 'Last batch', today: 'Taken today', week: 'Taken in 7 days', rejectedWeek: 'Refused in 7 days', missing: 'Gaps', back: '‹ Feeds', name: 'Name', nameHint: 'lower-case letters, digits, hyphens; stays as it is', title: 'Title', profile: 'Mapping profile', basis: 'Legal basis', basisHint: 'the rule or agreement under which the data come', clueSource: 'Source of clues', sourceKind: 'Kind of data', organ: 'Procuratorate by default', organHint: 'takes what lies at unknown places', newKey: 'Make a key', renewKey: 'Renew the key (the old one stops working)', disabled: 'Disabled', bearer: 'Key', door: 'Door', doorKey: 'Public key of the door', keyLead: 'Hand it to the platform’s administrator. It is not shown again.',
    newest: 'Newest report', waiting: 'Feedback without complaint', days: '30 days', noDays: 'Nothing was pushed in 30 days.', gaps: 'Missing batches', noGaps: 'No batch is missing.', receipts: 'Receipts', noReceipts: 'No receipt.', sequence: 'Batch', stored: 'Stored',
  },
  health: { good: 'well', silent: 'silent', gaps: 'gaps', rejecting: 'many refused', disabled: 'disabled', never: 'never pushed' },
  outcome: { accepted: 'new', revised: 'revised', duplicate: 'known', rejected: 'refused' },
  clueSource: { complaint: 'citizens’ reports', own_case: 'own work', enforcement_platform: 'enforcement platform', state_organ_or_deputy: 'state organs and deputies', media: 'media', other: 'other' },
  sourceKind: { hotline: 'hotline and mailbox', enforcement: 'enforcement', state_organ: 'state organs', grid: 'grid and observers', photo: 'photo reports', media: 'media', anonymous: 'anonymous' },
  imports: {
    lead: 'Try first, then import. The same file again makes nothing twice.', new: 'Import a file', file: 'File', fileHint: 'CSV (UTF-8 or GB18030), XLSX', try: 'Try', do: 'Import', mapping: 'Mapping profile {profile}', sent: '{percent} sent', trialBegun: 'The trial has begun; see the list below.', begun: 'The import has begun; see the list below.', insecure: 'Sending files needs HTTPS.', columns: 'Columns and fields', passedOver: 'left out', missingColumns: 'Columns that must be there: {fields}', list: 'Imports', none: 'No file so far.', trial: 'trial', rows: '{n} rows', errors: 'Row errors', errorsFile: 'Download row errors', line: 'Line', field: 'Field', value: 'Value', wrong: 'Fault', remedy: 'Remedy', headers: 'Known headers',
  },
  stage: { receiving: 'receiving', running: 'running', finished: 'finished', failed: 'failed' },
  field: {
    external_id: 'number', source_channel: 'channel', order_type: 'type', title: 'title', content: 'content', category_1: 'category 1', category_2: 'category 2', category_3: 'category 3', reporter_name: 'reporter', reporter_phone: 'phone', reporter_id_number: 'ID number', reporter_anonymous: 'anonymous', reporter_confidential: 'confidential', incident_address: 'address', town: 'town', village: 'village', longitude: 'longitude', latitude: 'latitude', received_at: 'received', dispatched_at: 'dispatched', due_at: 'due', finished_at: 'finished', handler_unit: 'agency', handle_result: 'result', status: 'status', satisfaction: 'satisfaction', solved: 'solved', visited_at: 'followed up', visit_note: 'follow-up', redispatch_count: 'times redone', return_count: 'times returned', urge_count: 'times urged', delay_days: 'days late', parent_id: 'repeats', votes_for: 'votes for', votes_against: 'votes against',
    document_no: 'document number', subject_name: 'unit', login: 'account', password: 'password', person: 'person', name: 'name', reason: 'reason', q: 'words', guest_phone: 'phone', guest_name: 'name of the guest',
  },
  statistics: { asOf: 'as of {at}', funnel: 'From complaints to cases', scale: 'Bars are on a logarithmic scale; a figure opens its rows.', stars: 'Stars', domains: 'Domains', rates: 'Speed and quality', acceptMedian: 'Median time to accept', acceptP90: 'Nine of ten accepted within', closeMedian: 'Median time to close', repeatRate: 'Repeated', dissatisfiedRate: 'Dissatisfied', course: 'Month by month', controls: 'Settings', by: 'Figures by', total: 'Total' },
  by: { town: 'By town', domain: 'By domain', branch: 'By branch', organ: 'By procuratorate', month: 'By month' },
  funnel: { complaints: 'Complaints', clues: 'Clues', three_star: '3★ and more', five_star: '5★', focus: 'Focus', assigned: 'Assigned', accepted: 'Accepted', verified: 'Verified', outcome: 'Outcome', filed: 'Filed' },
  column: { complaints: 'Complaints', clues: 'Clues', five: '5★', assigned: 'Assigned', accepted: 'Accepted', closed: 'Closed', filed: 'Filed', mediated: 'Mediated', accept_hours_median: 'Hours to accept', repeat_rate: 'Repeated', dissatisfied_rate: 'Dissatisfied' },
  service: { intake: 'intake', scoring: 'scoring', assignment: 'assignment', scheduling: 'scheduling', notification: 'notification', console: 'console' },
  domainNone: 'no public-interest domain',
  admin: { accounts: 'Accounts and roles', people: 'Directory', routing: 'Routing rules', rules: 'Rule packs', watch: 'Watch list', holidays: 'Holidays', services: 'Services and queues', audit: 'Audit' },
  accounts: { find: 'Account or name', make: 'New account', person: 'Person', roles: 'Roles', state: 'State', last: 'Last login', active: 'active', inactive: 'inactive', locked: 'locked', totp: 'authenticator', mustChange: 'must change password', rolesOf: 'Roles of {name}', rolesLater: 'The security administrator gives roles afterwards.', apart: 'System, security and audit administration are never one person.', deedsOf: 'More {login}', do_lock: 'Lock', do_unlock: 'Unlock', do_password: 'Reset password', do_totp: 'Reset authenticator', passwordLead: 'Hand it to the person; it must be changed at the first login.' },
  people: { find: 'Name or code', name: 'Name', duties: 'Duties', skills: 'Branches and specialities' },
  routing: { trace: 'Try: who would get such a clue', ask: 'Try', rules: 'Rules, from the top', tests: 'Cases', number: 'No.', name: 'Name', when: 'When', then: 'Then', check: 'Check all', input: 'Clue', expected: 'Expected', actual: 'Actual', result: 'Result', passed: 'passes', failed: 'fails', always: 'always', stars: 'Stars' },
  pack: { none: 'No rule pack has been submitted.', submitted: 'to approve', approved: 'approved', active: 'active', retired: 'retired', submit: 'Submit a version', note: 'What changes, and why', files: 'Rule files (YAML)', rehearse: 'Rehearse', rehearsing: 'The rehearsal has begun', by: 'by {name}', approvedBy: 'approved by {name}', activated: 'activated', do_approve: 'Approve', do_activate: 'Activate', do_rollback: 'Back to this version', lead_approve: 'Approve version {version}. Author and approver are two people.', lead_activate: 'Activate version {version}; all clues are scored again.', lead_rollback: 'Back to version {version}; all clues are scored again.', rehearsal: 'Rehearsal over {days} days: {done}/{total}, {changed} change stars', stars: 'Stars beside {version}', before: 'before', after: 'after' },
  watch: { add: 'Watch', title: 'Name', words: 'Words', wordsHint: 'divided by spaces', alertCount: 'Alarm at', alertDays: 'within days', tell: 'Tell', about: 'What', period: 'Period', alert: 'alarm at {n} in {days} days', ended: 'ended', none: 'Nothing is watched.', hits: 'Hits', last: 'Last hit', remove: 'Remove' },
  holidays: { set: 'Set a day', day: 'Day', name: 'Name', kind: 'Kind', off: 'day off', on: 'make-up day', of: '{year}', none: 'No holidays are known for this year.' },
  services: { services: 'Services', service: 'Service', alive: 'Alive', instances: 'Instances', since: 'since {ago}', gone: 'last heard {ago}', queues: 'Queues', noQueues: 'No message waits.', from: 'From', to: 'To', message: 'Message', waiting: 'Waiting', retrying: 'Retrying', oldest: 'Oldest', dead: 'Dead', deadLetters: 'Dead letters', noDead: 'No dead letter.', error: 'Why', died: 'When', choose: 'Choose', retry: 'Send {n} again', drop: 'Drop {n}' },
  audit: {
    person: 'Person', eventLabel: 'Event', object: 'Object', result: 'Result', done: 'done', refused: 'refused', failed: 'failed', verify: 'Verify the chain', whole: 'Whole: {chains} chains, {rows} rows, nothing altered.', cut: 'The end of the audit is missing. Report it at once.', broken: 'The chain breaks at row {id}. Report it at once.', rows: 'Audit trail', at: 'When', address: 'From', detail: 'Details',
    event: { login: 'login', logout: 'logout', login_failed: 'failed login', view_sensitive: 'sensitive data viewed', search: 'search', import: 'import', export: 'export', reveal: 'reporter revealed', override: 'own stars', assign: 'assignment', transfer: 'transfer', role_change: 'roles changed', rule_change: 'rules changed', config_change: 'settings changed' },
  },
  account: { title: 'My account', channels: 'How I am told', email: 'E-mail', webhook: 'Webhook', totp: 'Authenticator (two steps)', totpOn: 'bound', totpOff: 'not bound', totpRemove: 'Unbind' },
}

export default en

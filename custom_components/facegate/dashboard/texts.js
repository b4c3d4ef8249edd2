// Words of the guards' dashboard that Home Assistant does not translate for us; the rest comes from translations/.
// JSON, so that a test can hold the languages to the same keys.
export const TEXTS = {
  "en": {
    "name": "Gates for guards",
    "description": "FaceGate: every gate with a big button, what happens now, and alarms on top. For a tablet on the wall.",
    "gates": "Gates",
    "no_gates": "FaceGate has no gate yet. Add the first one in FaceGate's panel.",
    "gone": "This gate is no longer there. Remove this card.",
    "quiet": "Nothing right now",
    "open": "Open",
    "open_exit": "Open exit",
    "open_question": "Open {gate} now?",
    "open_exit_question": "Open the exit of {gate} now?",
    "mode_question": "Set {gate} to “{mode}”?",
    "confirm": "Yes",
    "cancel": "No",
    "opening": "Opening …",
    "opened": "Opened",
    "changing": "Changing …",
    "failed": "It did not work. Try again.",
    "silent": "Cannot be opened from here: its gate node is silent.",
    "unanswered": "Cannot be opened from here: FaceGate does not answer.",
    "people_inside": "{count} inside",
    "passages_today": "{count} passages today",
    "no_alarms": "No alarms",
    "alarm_fire": "Fire: the gate stands open",
    "alarm_forced": "Somebody went through without permission",
    "alarm_tamper": "The case of the gate node is open",
    "alarm_held": "The door is held open",
    "alarm_node": "The gate node is silent",
    "alarm_camera": "The camera is silent",
    "alarm_answer": "FaceGate does not answer"
  },
  "zh-Hans": {
    "name": "门卫闸机面板",
    "description": "FaceGate：每个闸机一个大按钮，显示当前情况，报警置顶。适合壁挂平板。",
    "gates": "闸机",
    "no_gates": "FaceGate 还没有闸机。请在 FaceGate 面板中添加第一个闸机。",
    "gone": "该闸机已不存在。请移除此卡片。",
    "quiet": "当前无事件",
    "open": "打开",
    "open_exit": "打开出口",
    "open_question": "现在打开{gate}？",
    "open_exit_question": "现在打开{gate}的出口？",
    "mode_question": "将{gate}设为“{mode}”？",
    "confirm": "是",
    "cancel": "否",
    "opening": "正在打开……",
    "opened": "已打开",
    "changing": "正在更改……",
    "failed": "操作未成功。请重试。",
    "silent": "无法从此处打开：闸机节点无响应。",
    "unanswered": "无法从此处打开：FaceGate 无响应。",
    "people_inside": "在内 {count} 人",
    "passages_today": "今日通行 {count} 人次",
    "no_alarms": "无报警",
    "alarm_fire": "火警：闸机保持打开",
    "alarm_forced": "有人未经许可通过",
    "alarm_tamper": "闸机节点的机箱已打开",
    "alarm_held": "门被长时间打开",
    "alarm_node": "闸机节点无响应",
    "alarm_camera": "摄像头无响应",
    "alarm_answer": "FaceGate 无响应"
  }
};

/** The text of one key in the user's language, English where there is none, with {name}s filled in. */
export function text(language, key, values = {}) {
  const chosen = /^zh\b/i.test(language ?? "") ? TEXTS["zh-Hans"] : TEXTS["en"];
  return chosen[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

"""The complaints that are pushed: the generator's, as long as real ones.

Real messages have about 1 KB, and the agency's reply about as much again; the generator's are a third of that. So each gets a
reply that fills it up to LENGTH bytes of text. Replies are stored, read and matched like everything else."""

import random
import struct

from wjzlib.installation import to_complaint

LENGTH = 1000

SENTENCES = """
收到您反映的情况后，我单位高度重视，立即安排工作人员到现场了解核实。
经核查，您反映的情况基本属实，现将有关情况答复如下。
工作人员已与相关负责人当面沟通，说明了有关规定和要求，并提出了整改意见。
因涉及多个部门的职责，我单位已召集有关方面共同研究，明确了分工和时限。
目前相关工作正在按计划推进，预计在本月底前可以完成第一阶段的任务。
对于您提出的其他建议，我们会在今后的工作中认真考虑，不断改进服务。
我们已将处理的进展通过电话向您作了说明，您表示理解。
下一步，我单位将安排专人跟进此事，定期回访，防止类似情况再次出现。
如您对处理的结果还有疑问，可以在工作日的办公时间向窗口的工作人员咨询。
由于现场条件所限，部分工作需要等天气好转以后才能继续进行，请您谅解。
我们已建立台账，逐项登记，办理完毕一项，核销一项。
感谢您对我们工作的关心、理解和支持，祝您生活愉快。
""".split()


def _reply(size, chance):
    text = ""
    while len(text.encode()) < size:
        text += chance.choice(SENTENCES)
    return text


def write(lines, path, seed):
    """Packed for bench_push: each after its length."""
    chance = random.Random(seed)
    with open(path, "wb") as file:
        for line in lines:
            complaint = to_complaint(line)
            there = complaint.title + complaint.content + complaint.handle_result
            complaint.handle_result += _reply(LENGTH - len(there.encode()), chance)
            packed = complaint.SerializeToString()
            file.write(struct.pack("<I", len(packed)) + packed)

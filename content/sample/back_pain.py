"""Page B: dry needling for back pain."""

from booking.sample_clinic import EMERGENCY_SIGNS
from content.sample.builders import (
    Kind,
    SamplePage,
    call_to_action,
    care_card,
    definitions,
    do_list,
    fold,
    lead_list,
    numbered,
    person,
    section,
    sources,
    visit,
)
from content.sample.evidence import (
    ASK_FIRST,
    BOYCE,
    BRADY,
    BRINJIKJI,
    CHYS,
    COLLEGE,
    GUIDELINE,
    HU,
    LARA_PALOMO,
    WHO,
    needling_risks,
)

PAGE = SamplePage(
    kind=Kind.TREATMENT,
    slug="dry-needling-for-back-pain",
    fields={
        "title": "Dry needling for back pain",
        "lede": "A sore back wears you down. We'll look for what sets yours off, ease it where we can, "
        "and help you trust it again.",
        "description": "Causes of back pain, what dry needling may do, its risks in numbers, emergency signs and other "
        "choices.",
        "position": 30,
        "alternate_names": "intramuscular stimulation (IMS), trigger point needling",
        "performed_by": "A physiotherapist. Needling only by those authorized for it",
        "referral": "Not needed",
        "booking_label": "Book Your Back Assessment",
        "hero_alt": "An older person with white hair walks through the foothills, a laughing grandchild on their back.",
    },
    refers_to={
        "service": "back-assessment",
        "written_by": "steve-hansen",
        "hero_picture": "Grandparent and grandchild",
    },
    blocks=[
        section(
            "Can it help your back?",
            """
If rest or pain medicine helped for a while and the pain came back, you're not alone. At Dynamic Physiotherapy we start
with you, not with a needle. Here is what needling can and can't do:

- It may ease pain for a while, so that moving gets easier [3, 5].
- It's one part of a plan, along with exercise and advice [1, 2].
- If it isn't helping after two or three appointments, we stop and try something else.

**How sure are we?** Not very. So we set a goal with you, and check it. See [what is known so far](#will-it-help).
""",
        ),
        lead_list(
            "Is it right for you?",
            "It may be worth talking about if you see yourself here. You have other choices, too.",
            [
                ("You train or play sports.", "Your back tightens up and holds you back."),
                ("You work at a desk.", "Your back aches by the end of the day."),
                ("You have years of hard use behind you.", "Work or age has left your back stiff and sore."),
            ],
        ),
        section(
            "What your first visit is like",
            """
First we talk: about your pain, your health, your work, and what you want to get back to. Then we look at how you bend,
turn and walk. We also check for signs that need a doctor.

You'll hear what we think, in plain language, and we'll build a plan together. If needling makes sense, we'll explain
it, and you decide. You can say no, or stop at any time. Either way, you'll leave with one or two exercises to start
with.
""",
        ),
        section(
            "When to get help right away",
            "Please don't wait for an appointment with us if you have any of these signs.",
        ),
        care_card(
            "911",
            "Go to an emergency department now, or call 911, if you have:",
            [*EMERGENCY_SIGNS, "after needling: sudden chest pain or trouble breathing, even hours later"],
        ),
        care_card(
            "811",
            "Call Health Link at 811 if:",
            [
                "pain came after a small fall or knock, and doesn't ease",
                "you're losing weight and don't know why",
                "pain wakes you each night and nothing eases it",
                "a treated spot is hot, swollen or weeping",
            ],
        ),
        person("steve-hansen"),
        fold(
            "What is dry needling?",
            "A very thin needle goes into a tight, sore muscle. Nothing is injected.",
            """
Some people call it IMS, which is short for intramuscular stimulation. For the back, needles go into muscles beside the
spine or in the buttocks (the glutes). Needling is never the whole plan. In Alberta, only physiotherapists who are
authorized by the College may do it [8].
""",
        ),
        fold(
            "What causes back pain?",
            "Most ongoing back pain has no single cause. Several things often play a part.",
            "Ongoing back pain seldom comes from one thing alone [2].",
        ),
        definitions(
            "",
            "",
            [
                (
                    "Muscle strain",
                    "A muscle was asked for more than it was ready for. A heavy lift or a long day in the garden can "
                    "do it.",
                ),
                (
                    "Staying in one position",
                    "Hours at a desk or behind the wheel can tire the back. No one posture is wrong. Too long in any "
                    "of them is tiring.",
                ),
                (
                    "Disc problems",
                    "Discs are the pads between the bones of the spine. A disc can bulge and irritate a nerve. Pain "
                    "may then run down a leg, which many call sciatica. But in scans of people without pain, 3 in 10 "
                    "at age 20 had a bulge, and 8 in 10 at age 80 [9].",
                ),
                (
                    "A narrow spinal canal, or arthritis",
                    "With age the space for the nerves can get narrow. This is called spinal stenosis. Small joints "
                    "of the spine can also get stiff and sore, which is arthritis.",
                ),
            ],
        ),
        fold(
            "How might it work?",
            "No one knows for sure. There are three ideas.",
            "These are the ideas you'll hear most. They are ideas, not facts.",
        ),
        numbered(
            "",
            "",
            [
                (
                    "A tight muscle may let go",
                    "The needle may help a tight band in a muscle to relax. The muscle may then be easier to stretch "
                    "and to use.",
                ),
                (
                    "More blood may reach the spot",
                    "Around the needle, small blood vessels may open for a while.",
                ),
                (
                    "The body may dull the pain",
                    "The needle may prompt the body to make its own painkillers, so the area is less sensitive for a "
                    "while. You may feel a twitch in the muscle. It isn't needed for an effect.",
                ),
            ],
        ),
        fold(
            "Will it help?",
            "Reviews found less pain for a short time. One found no gain in what people could do.",
            """
It may ease pain for a short time [3, 5]. One review found no gain in what people could do [4]. We can't promise that it
will help you.

- A review of 16 trials found less pain than with sham needling in the short term [3]. Sham means that people only
  thought they were needled. Most trials had a high or unclear risk of error [3].
- A review of 8 trials with 414 people found less pain for a short time, but no gain in what people could do [4].
- A look at 36 reviews found relief in the short term, about the same as with other treatment [5].
- A guideline for physiotherapists says it can be considered along with other treatment when pain has lasted a long time
  [1].
- The World Health Organization says it may be offered, based on evidence of low certainty [2].
""",
        ),
        fold(
            "What does it feel like?",
            "A small prick, then perhaps a twitch or a deep ache. You can stop at any time.",
        ),
        definitions(
            "",
            "",
            [
                ("Assessment first", "We talk with you and look at how you move before any needle is used."),
                (
                    "The procedure",
                    "You lie down. We clean the skin and feel for tight areas along the spine or in the glutes. A "
                    "needle goes in for a few seconds to a few minutes.",
                ),
                ("The sensation", "Most people feel a small prick. Some feel a twitch or a deep ache as well."),
                (
                    "Aftercare",
                    "The spot may be sore afterwards [6, 7]. Move lightly: walk, stretch a little and change position "
                    "often. Call us if it is still sore after two days.",
                ),
            ],
        ),
        *needling_risks(6, 7),
        fold(
            "Who should not have it?",
            "Tell us first about blood thinners, a pregnancy, an implant or a fear of needles.",
            "Please tell us about each of these before any needle is used.",
        ),
        lead_list("", "", ASK_FIRST, ask_first=True),
        fold(
            "Before and after your visit",
            "Eat something first and wear loose clothes. Afterwards, keep moving gently.",
        ),
        visit(
            "",
            before="Eat something. Wear loose clothes. Bring a list of your medications and any scans you have.",
            during="You can ask for a break or stop at any time. We'll tell you what we're about to do.",
            after="Stand up slowly. Plan a quiet hour, and then do what feels easy.",
        ),
        do_list(
            "Do and don't afterwards",
            [
                "Walk a little, several times a day.",
                "Do the one or two exercises we showed you.",
                "Go back to normal tasks step by step.",
            ],
            [
                "Don't stay in bed.",
                "Don't test your back with a heavy lift that day.",
                "Don't take more pain medicine than the label says.",
            ],
        ),
        fold(
            "A wider plan",
            "Exercise, hands-on care, posture and understanding pain: needling is only one part.",
            "Both guidelines advise exercise for back pain that lasts [1, 2]. Your plan may include:",
        ),
        definitions(
            "",
            "",
            [
                (
                    "Exercise",
                    "Moves for your core and back, chosen for you. The core is the ring of muscles around your "
                    "middle. We start small and build up.",
                ),
                ("Manual therapy", "Hands-on work on stiff joints and sore muscles."),
                (
                    "Posture",
                    "Ways to sit, stand and lift that suit your day. Change position often: your next position is "
                    "a good one.",
                ),
                (
                    "Education",
                    "What pain is, why it can last, and what you can do when it flares up.",
                ),
            ],
        ),
        fold(
            "What else can I try?",
            "Exercise, hands-on treatment, medicine, or simply time. You can say no to needles.",
            """
You can treat a sore back without needles. The guidelines suggest exercise, hands-on care and advice on staying active
[1, 2]. Ask your doctor or pharmacist about pain medicine. It's also fine to wait and see. At your appointment we'll
talk through the risks and the other choices, and ask if you agree.
""",
        ),
        call_to_action(
            "See us about your back, in Okotoks",
            "We'll find out what your back needs, with or without needles.",
            "Book Your Back Assessment Now",
            "back-assessment",
        ),
        sources(GUIDELINE, WHO, HU, LARA_PALOMO, CHYS, BRADY, BOYCE, COLLEGE, BRINJIKJI),
    ],
)

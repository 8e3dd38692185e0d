"""Page A: dry needling and physical therapy."""

from content.sample.builders import (
    Kind,
    SamplePage,
    call_to_action,
    callout,
    care_card,
    do_list,
    fold,
    lead_list,
    person,
    questions,
    section,
    signpost,
    snippet,
    sources,
    visit,
)
from content.sample.evidence import ASK_FIRST, BOYCE, BRADY, CHYS, COLLEGE, GUIDELINE, WHO, needling_risks

PAGE = SamplePage(
    kind=Kind.TREATMENT,
    slug="dry-needling",
    fields={
        "title": "Dry needling and physical therapy",
        "lede": "A very thin needle for a tight, sore muscle, and a physiotherapist who explains every step. "
        "The aim is less pain, so you can move.",
        "description": "What dry needling is, how sure we are that it helps, its risks in numbers, and who should not "
        "have it.",
        "position": 20,
        "alternate_names": "trigger point needling, intramuscular stimulation (IMS)",
        "performed_by": "A physiotherapist authorized for needling",
        "referral": "Not needed",
        "booking_label": "Schedule Now",
        "hero_alt": "A person lies at ease on a treatment table; a physiotherapist in gloves feels the calf muscle.",
    },
    refers_to={
        "service": "dry-needling",
        "written_by": "steve-hansen",
        "hero_picture": "At the treatment table",
    },
    blocks=[
        section(
            "What is dry needling?",
            """
Dry needling is a way to treat sore, tight muscles. A physiotherapist puts a very thin needle through the skin and into
the muscle. The needle is called dry because nothing is injected.

You may also hear it called trigger point needling, or IMS. A trigger point is a sore, tight spot in a muscle. IMS is
short for intramuscular stimulation.
""",
        ),
        callout(
            "important",
            "Important note",
            """
Dry needling is not acupuncture. The needles are alike. What's different is the training and the reasoning: acupuncture
grew out of traditional Chinese medicine, dry needling out of work on muscles and pain. Names vary, too: the College
counts acupuncture, IMS and trigger point needling alike as needling [6].

Here, needling is never the whole treatment. It's one part of your care.
""",
        ),
        section(
            "Can it help you?",
            """
Pain that lingers wears on you, and a needle may not be what you were hoping for. Here is what it can and can't do:

- It may ease pain for a while, so that moving gets easier [3].
- It's one part of a plan. The rest is what you do with that time.
- If it isn't helping after two or three appointments, we stop and do something else.

**How sure are we?** Not very. So we check with you at each appointment. See [what is known so far](#will-it-help).
""",
        ),
        section(
            "What your first visit is like",
            """
Dry needling starts with an assessment. We ask about your health, watch how you move, and tell you what we suggest and
why. If needling suits you, and you agree, we may begin the same day.

Before any needle is used, we talk about risks and other choices. You decide, and you can change your mind at any time,
even with the needle in. It won't change how we treat you.
""",
        ),
        section("When to get help right away", "Most effects of needling are small [4, 5]. These are not."),
        snippet("When to call 911 after needling"),
        care_card(
            "811",
            "Call Health Link at 811 if:",
            [
                "a treated spot is hot, swollen or weeping",
                "you have a fever or chills",
                "a bruise keeps growing",
            ],
        ),
        person("steve-hansen"),
        fold(
            "How it fits into physical therapy",
            "Needling comes with hands-on care, exercise and teaching. It's never the only thing we do.",
            "Needling may ease pain for a short time [3]. The rest of the plan is what you do with that time.",
        ),
        lead_list(
            "",
            "",
            [
                (
                    "Hands-on techniques.",
                    "We may move a stiff joint for you, which is called joint mobilization. We may also press and "
                    "stretch the muscles around it. This is soft tissue work.",
                ),
                (
                    "Gentle movement and exercise.",
                    "Right after needling you'll try a few easy moves. They show what has changed, and what hasn't.\n\n"
                    "Then you take home a short set of exercises. They start where you are now, and grow as you do.",
                ),
                (
                    "Teaching.",
                    "We look at how you sit, lift and rest. You'll learn how your body shares a load, how posture fits "
                    "in, and how to manage pain at home.",
                ),
            ],
        ),
        section(
            "",
            """
Together these aim at what keeps a problem going, such as weakness or how a load is shared, and not at the pain alone.
""",
            level=3,
        ),
        fold(
            "What people hope it will do",
            "Less pain for a short time has been studied most. The rest are ideas.",
            """
Less pain for a short time is the effect that has been studied most [3]. The other points are ideas about how needling
may help. They overlap, and they aren't proven.
""",
        ),
        lead_list(
            "",
            "",
            [
                ("Pain relief.", "Pain may ease for a short time."),
                ("Looser muscles.", "A tight muscle may let go a little and stretch further."),
                ("Better control.", "Nerves and muscles may work together more smoothly, so you can build strength."),
                ("Blood flow.", "More blood, and the oxygen in it, may reach the sore spot for a while."),
                ("Healthy tissue.", "Tissue around the spot may settle. Little is known about this."),
                ("Ease of movement.", "As you relax, a joint may turn or bend further."),
                ("A calmer nervous system.", "The nerves around the spot may fire less."),
                ("The brain and pain.", "The area may be less sensitive for a while."),
            ],
        ),
        fold(
            "Will it help?",
            "It may ease pain for a short time, about as much as other treatment does.",
            """
It may ease pain for a short time [3]. We can't promise that it will help you.

- A look at 36 earlier reviews, of needling for pain in muscles and joints, found relief in the short term, about the
  same as with other treatment [3].
- For back pain that lasts, a guideline for physiotherapists says needling can be considered along with other treatment
  [1].
- The World Health Organization says needling may be offered for ongoing back pain, based on evidence of low certainty
  [2].
""",
        ),
        fold(
            "What does it feel like?",
            "A small prick, then perhaps a twitch or a dull ache. You can stop at any time.",
            """
The needle is in for a few seconds to a few minutes. You may feel a dull ache or a quick twitch. A twitch isn't needed
for the treatment to work. Tell us if it's too much, and we'll stop.
""",
        ),
        *needling_risks(4, 5),
        fold(
            "Who should not have it?",
            "Tell us first about blood thinners, a pregnancy, an implant or a fear of needles.",
            """
Please tell us about each of these before any needle is used. Some rule needling out. For others we change the plan.

In Alberta, physiotherapists may use needles only if the College has authorized them to [6]. Anyone can look this up in
the College's public register.
""",
        ),
        lead_list("", "", ASK_FIRST, ask_first=True),
        fold(
            "Before and after",
            "Eat something light first. Afterwards, keep moving gently and give hard training a rest.",
        ),
        visit(
            "",
            before="""
Eat something light, and wear clothes that leave the sore area easy to reach. Bring a list of your medications.
""",
            during="We'll ask how you've been. We'll tell you what we're about to do before we do it.",
            after="Stand up slowly, and take a moment before you drive.",
        ),
        section(
            "What to expect after a session",
            """
The spot may be a little sore [4, 5]. Try gentle stretching, a walk and light activity. Don't overdo it on the first
day. Call us if you're still sore after two days.
""",
            level=3,
        ),
        do_list(
            "Do and don't on the day of needling",
            [
                "Keep moving in ways that feel easy.",
                "Eat and drink as usual.",
                "Put something warm on a sore spot, if that feels good.",
                "Tell us next time how you felt.",
            ],
            [
                "Don't train hard or lift heavy things that day.",
                "Don't drive until you feel clear and steady.",
                "Don't press or rub a fresh bruise.",
                "Don't wait if you have chest pain or shortness of breath: call 911.",
            ],
        ),
        fold(
            "Why include it in a plan?",
            "To see whether a little less pain for a while lets you start to exercise.",
            """
People ask us about needling for pain that has lasted for months, for muscles that feel tight, and for joints that don't
move as they should. In all three, we ask whether a little less pain for a while would let you start to exercise.

It isn't for everyone. Ask your physiotherapist whether it makes sense for you, and what they would do without it.
""",
        ),
        fold(
            "What else can I try?",
            "Exercise, hands-on treatment, medicine, or simply time. You can say no to needles.",
            """
You can have physical therapy without needles. Most of it is just that: exercise, hands-on treatment and advice. Your
family doctor or pharmacist can talk with you about pain medicine. It's also fine to wait and see.
""",
        ),
        questions(
            "Questions people ask",
            [
                (
                    "Does it hurt?",
                    "The prick is small. In the muscle you may feel an ache, a cramp or a twitch for a moment. Tell "
                    "us, and we'll stop.",
                ),
                (
                    "Does it flush out toxins?",
                    "No. We know of no good evidence that it does. Your liver and kidneys clear waste from the body, "
                    "with or without needles.",
                ),
                (
                    "How many appointments will I need?",
                    "There's no fixed number. After two or three appointments we look at whether it's helping. If "
                    "it isn't, we do something else.",
                ),
                (
                    "Is the needle clean?",
                    "Yes. Each needle comes sealed and sterile. We use it once, then throw it away in a sharps "
                    "container.",
                ),
                (
                    "Can I have it at my first visit?",
                    "Dry needling starts with an assessment. If it suits you, and you agree, we may begin the same "
                    "day.",
                ),
            ],
        ),
        call_to_action(
            "Ready to talk about it?",
            "Choose a time that works for you. New here? You start with an assessment.",
            "Schedule Now",
            "dry-needling",
        ),
        section("Learn more", ""),
        signpost(
            "Dry needling for back pain",
            "What we know about needling for a sore back, and what else helps.",
            page="dry-needling-for-back-pain",
        ),
        signpost("Who does it", "The people at our clinic who are authorized for needling.", page="team"),
        sources(GUIDELINE, WHO, CHYS, BRADY, BOYCE, COLLEGE),
    ],
)

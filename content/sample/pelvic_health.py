"""Page C: pelvic health for transgender, non-binary and intersex people."""

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
    risks,
    section,
    sources,
    visit,
)

PAGE = SamplePage(
    kind=Kind.TREATMENT,
    slug="trans-non-binary-intersex-pelvic-health",
    fields={
        "title": "Transgender, non-binary and intersex pelvic health",
        "lede": "Leaks, pain or just questions? You're welcome here. We start with a conversation, use your words for "
        "your body, and go at your pace.",
        "description": "What pelvic health physiotherapy is, what is known about it, what an appointment is like, and "
        "how you stay in charge.",
        "position": 10,
        "alternate_names": "pelvic floor physiotherapy, pelvic floor physical therapy",
        "performed_by": "A physiotherapist trained in pelvic health",
        "referral": "Not needed",
        "booking_label": "Book Your Pelvic Assessment",
        "hero_alt": "Two people sit across from each other in armchairs by a window and talk.",
    },
    refers_to={
        "service": "pelvic-health-assessment",
        "written_by": "mei-lin-tran",
        "hero_picture": "Two armchairs",
    },
    blocks=[
        section(
            "Can it help you?",
            """
It can be hard to bring this up, and harder if care has let you down before. Here is what this care can and can't do:

- It may help some people [2, 5]. Studies with trans people are few and small [2, 3].
- It doesn't have to involve touch. Talking, breathing and exercises for home are part of it, too.
- If it isn't helping, we change the plan or stop.

**How sure are we?** Sure for some leaks, not very sure for the rest. So we set a goal with you, and check it. See [what
is known so far](#will-it-help).
""",
        ),
        callout(
            "tip",
            "Your name, your words, your pace",
            """
Tell us your name and pronouns, and the words you like for your body. We'll use them, and we'll put them in your file.

You can bring someone you trust. You can keep your clothes on. You never have to have an exam inside the body: a lot can
be done without one. If you want one, only a physiotherapist who is authorized by the College may do it [1].
""",
        ),
        lead_list(
            "What people come for",
            "You don't need to have had surgery or hormones, and you don't need to plan for them.",
            [
                ("Bladder.", "Leaks, a sudden need to go, or trouble getting started."),
                ("Bowel.", "Constipation, straining, or trouble holding gas or stool."),
                (
                    "Pain.",
                    "Pain in the pelvis, with touch or sex, or with orgasm. Some people get it on testosterone [4].",
                ),
                (
                    "Before and after surgery.",
                    "Getting ready for vaginoplasty (surgery that makes a vagina), and learning to dilate after it. "
                    "Care after a hysterectomy (removal of the uterus), metoidioplasty or phalloplasty (surgery that "
                    "makes a penis).",
                ),
                ("Binding and tucking.", "Sore ribs, back or groin, and ways to put less strain on them."),
                (
                    "Intersex people.",
                    "Scars, pain or numbness after surgery in childhood, or questions no one took time for. We don't "
                    "assume that you want anything changed.",
                ),
            ],
        ),
        section(
            "What your first visit is like",
            """
Most of it is a conversation, in a closed room. Tell us as much or as little as you like. We may look at how you
breathe, stand and move.

If touch would help, we'll say where, why and how, and we'll ask each time. You can say yes to one thing and no to the
next. You'll go home with one or two things to try.
""",
        ),
        section("When to get help right away", "Please don't wait for an appointment with us if you have these signs."),
        care_card(
            "911",
            "Go to an emergency department now, or call 911, if you have:",
            [
                "bleeding that soaks a pad within an hour",
                "no way to pass urine, and a full bladder that hurts",
                "sudden, severe pain in the belly or pelvis",
                "fever and shaking in the weeks after surgery",
                "numbness around the groin, or new loss of bladder or bowel control",
            ],
        ),
        care_card(
            "811",
            "Call Health Link at 811 if:",
            [
                "it burns when you pass urine",
                "a wound opens, smells or weeps",
                "you have light bleeding you didn't expect",
                "pain stops you from dilating as planned",
            ],
        ),
        person("mei-lin-tran"),
        fold(
            "What is pelvic health physiotherapy?",
            "Help for the muscles at the base of your pelvis: talk, breathing, movement and exercises.",
            """
The pelvic floor is a group of muscles at the base of your pelvis. Everyone has one. It helps you hold and pass urine
and stool, it takes part in sex, and it works with your back and belly.

A pelvic health physiotherapist helps when these muscles are too tight, too weak or slow to react. The work can be talk,
breathing, movement, hands-on treatment and exercises for home. You may also hear it called pelvic floor physiotherapy.
""",
        ),
        fold(
            "Will it help?",
            "It may help some people. The studies with trans people are few and small.",
            """
It may help some people [2, 5]. The studies with trans people are few and small [2, 3]. We found none with intersex
people by themselves.

- At one hospital, 72 of 77 trans women who had vaginoplasty saw a pelvic floor physiotherapist [2]. Before surgery, 42
  in 100 had trouble with these muscles, and 37 in 100 with the bowel [2]. For about 7 in 10 of those, it had gone by
  the first visit after surgery [2]. There was no group without this care, so we can't tell how much came from it.
- In a trial, 37 people had vaginoplasty with or without two such visits afterwards [3]. At 12 weeks there was no
  difference in how easy it was to dilate [3]. So an appointment for everyone after surgery may not be needed.
- In an Australian survey of 486 people on testosterone, 351 had felt pelvic pain since they began [4]. The authors ask
  for studies of the pelvic floor as one cause [4].
- Training the pelvic floor helped with leaks in 31 trials with 1,817 women [5]. No one has looked at trans or intersex
  people in this way, so we can only say it may be similar.

International standards ask for care that fits the person and respects their gender [6]. That is what we work towards.
""",
        ),
        fold(
            "What are the risks?",
            "A study with women named soreness most often. "
            "We know of no count for trans, non-binary or intersex people.",
            """
We don't know of any count of these risks in trans, non-binary or intersex people. What is listed here comes from women
in studies of two kinds of treatment [5, 7].
""",
        ),
        risks(
            "",
            "",
            "Side effects in studies with women",
            [
                (
                    "Soreness or pain after hands-on treatment",
                    "The effect named most often in a trial with 81 women",
                    "7",
                ),
                ("Effects of exercise, such as an ache", "Rare and minor, in the trials that counted them", "5"),
                ("Feeling upset during or after an exam", "Not counted. It can happen to anyone", ""),
            ],
            """
An exam can bring up hard memories. You can pause, change the plan or leave, and you don't need to give a reason.
""",
        ),
        fold(
            "Who should not have it?",
            "Tell us first about recent surgery, an infection, bleeding, a pregnancy or a new lump.",
            "We start with talking and gentle movement. Tell us about each of these before any hands-on work.",
        ),
        lead_list(
            "",
            "",
            [
                ("Surgery in the last three months.", "Your surgeon says when touch and exercise may start."),
                ("An infection.", "Of the bladder, the skin or the genitals. It needs treatment first."),
                ("Bleeding that no one has looked into.", "See a doctor or nurse before you see us."),
                ("A pregnancy.", "We change what we do."),
                ("A new lump, or pain that gets worse fast.", "A doctor should look at it first."),
                (
                    "Hard experiences with care or touch.",
                    "Tell us as much or as little as you like. We'll plan your appointment around it.",
                ),
            ],
            ask_first=True,
        ),
        fold(
            "Before and after your visit",
            "There's nothing you have to shave, wash or wear. You may be a little sore after hands-on work.",
        ),
        visit(
            "",
            before="""
There's nothing you have to shave, wash or wear. You can write down what you want us to know. Book for a time of day
that is calm for you.
""",
            during="You can ask for a break or stop at any time. We'll tell you what we're about to do.",
            after="""
You may be a little sore after hands-on work [7]. Try the one or two things we showed you. In your file, we write only
what your care needs.
""",
        ),
        do_list(
            "Do and don't",
            [
                "Tell us the words you use for your body.",
                "Bring your surgeon's notes, if you have some.",
                "Stop us whenever something feels wrong.",
            ],
            [
                "Don't push through pain when you dilate or exercise.",
                "Don't hold your breath and strain on the toilet.",
                "Don't bind or tuck in your sleep.",
            ],
        ),
        fold(
            "What else can I try?",
            "Exercises only, no touch, another clinic, or nothing for now. You can always say no.",
            """
You can work with us without any exam inside the body, or without any touch. You can do exercises only. Your family
doctor, your surgeon or a clinic for gender care may offer other help. You can also do nothing for now.

You can say no or stop at any time. You can ask for another physiotherapist. None of this changes how we treat you.
""",
        ),
        questions(
            "Questions people ask",
            [
                (
                    "Will my file show my name and pronouns?",
                    "Yes. Insurance sometimes needs the name on your policy. We'll ask you how to handle that, and who "
                    "may see it.",
                ),
                (
                    "Is there a washroom for everyone?",
                    "Yes. Ask at the front desk, or write to us before you come.",
                ),
                (
                    "What if I have a bad day?",
                    "Come anyway, if you can, and tell us. We can talk, do less, or find another day.",
                ),
            ],
        ),
        call_to_action(
            "Come and talk",
            "Your first visit is for questions. Nothing more happens unless you want it to.",
            "Book Your Pelvic Assessment",
            "pelvic-health-assessment",
        ),
        sources(
            (
                "College of Physiotherapists of Alberta. Restricted activities.",
                "",
                "https://www.cpta.ab.ca/for-physiotherapists/regulatory-expectations/restricted-activities",
            ),
            (
                "Jiang DD, Gallagher S, Burchill L, Berli J, Dugi D. Implementation of a pelvic floor physical therapy "
                "program for transgender women undergoing gender-affirming vaginoplasty. Obstet Gynecol "
                "2019;133(5):1003-1011.",
                "10.1097/AOG.0000000000003236",
                "",
            ),
            (
                "Ferrando CA, Mishra K, Grimstad FW, Weigand NW, Pikula C. A randomized trial comparing perioperative "
                "pelvic floor physical therapy to current standard of care in transgender women undergoing "
                "vaginoplasty: the FLOWER trial. Int Urogynecol J 2023;34(12):2985-2993.",
                "10.1007/s00192-023-05623-0",
                "",
            ),
            (
                "Zwickl S, Burchill L, Wong AFQ, et al. Pelvic pain in transgender people using testosterone therapy. "
                "LGBT Health 2023;10(3):179-190.",
                "10.1089/lgbt.2022.0187",
                "",
            ),
            (
                "Dumoulin C, Cacciari LP, Hay-Smith EJC. Pelvic floor muscle training versus no treatment, or inactive "
                "control treatments, for urinary incontinence in women. Cochrane Database Syst Rev 2018;10:CD005654.",
                "10.1002/14651858.CD005654.pub4",
                "",
            ),
            (
                "Coleman E, Radix AE, Bouman WP, et al. Standards of care for the health of transgender and gender "
                "diverse people, version 8. Int J Transgend Health 2022;23(S1):S1-S259.",
                "10.1080/26895269.2022.2100644",
                "",
            ),
            (
                "FitzGerald MP, Payne CK, Lukacz ES, et al. Randomized multicenter clinical trial of myofascial "
                "physical therapy in women with interstitial cystitis/painful bladder syndrome and pelvic floor "
                "tenderness. "
                "J Urol 2012;187(6):2113-2118.",
                "10.1016/j.juro.2012.01.123",
                "",
            ),
        ),
    ],
)
